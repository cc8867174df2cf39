import { execFileSync } from 'node:child_process';

if (process.env.LAB === undefined) throw new Error('this test needs the kernel lab: test/lab/lab.ts run -- ...');

/** Runs a program of the test itself and returns what it printed. */
export function run(file: string, ...parameters: string[]): string {
  return feed('', file, ...parameters);
}

/** The same with something on its standard input. */
export function feed(input: string, file: string, ...parameters: string[]): string {
  return execFileSync(file, parameters, { encoding: 'utf8', input, stdio: ['pipe', 'pipe', 'pipe'] });
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

export function ipsetList(name: string): ListedSet {
  const lines = run('ipset', 'list', name).trimEnd().split('\n');
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
export function ipsetNames(): string[] {
  return run('ipset', 'list', '-name').split('\n').filter(Boolean).sort();
}
