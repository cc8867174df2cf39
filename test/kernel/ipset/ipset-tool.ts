import { afterAll } from '@jest/globals';
import { Programs } from '../../support/programs.ts';

if (process.env.LAB === undefined) throw new Error('this test needs the kernel lab: test/lab/lab.ts run -- ...');

const programs = new Programs();
afterAll(() => programs.close());

/** Runs a program of the test itself and returns what it printed. */
export function run(file: string, ...parameters: string[]): Promise<string> {
  return programs.output(file, parameters);
}

/** The same with something on its standard input. */
export function feed(input: string, file: string, ...parameters: string[]): Promise<string> {
  return programs.output(file, parameters, input);
}

/** What `ipset list` says of a set. */
export interface ListedSet {
  readonly type: string;
  readonly revision: number;
  readonly header: string;
  readonly references: number;
  /** Sorted. */
  readonly members: readonly string[];
}

export async function ipsetList(name: string): Promise<ListedSet> {
  const lines = (await run('ipset', 'list', name)).trimEnd().split('\n');
  const value = (key: string) => lines.find((line) => line.startsWith(`${key}: `))?.slice(key.length + 2) ?? '';
  return {
    type: value('Type'),
    revision: Number(value('Revision')),
    header: value('Header'),
    references: Number(value('References')),
    members: lines.slice(lines.indexOf('Members:') + 1).sort(),
  };
}

/** Names of all sets in this namespace, sorted. */
export async function ipsetNames(): Promise<string[]> {
  const names = await run('ipset', 'list', '-name');
  return names.split('\n').filter(Boolean).sort();
}
