import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect } from '@jest/globals';
import { openNameSource } from '../../../src/app/ipvs-status/name-source.ts';
import { openStatusKernel } from '../../../src/app/ipvs-status/open-status-kernel.ts';
import { runIpvsStatus } from '../../../src/cli/ipvs-status/run-ipvs-status.ts';
import type { StatusKernel } from '../../../src/cli/ipvs-status/status-world.ts';
import { Shell } from '../../support/shell.ts';

/** What a program printed, byte for byte (each byte one letter), and how it ended. */
export interface Printed {
  readonly output: string;
  readonly error: string;
  readonly exitCode: number;
}

/** The lab's IPVS, and both programs to look at it. The table is empty at the start of every test. */
export interface ParityWorld {
  readonly shell: Shell;
  /** Makes a table out of lines that ipvsadm restores. */
  readonly restore: (lines: readonly string[]) => Promise<void>;
  /** Runs ipvsadm with each of these lists of arguments. `environment` precedes the command: `NAME=value`. */
  readonly ipvsadm: (
    argumentLists: readonly (readonly string[])[],
    environment?: string,
  ) => Promise<readonly Printed[]>;
  /** Runs ours in this process, under the name of the other. `kernel` changes what is read. */
  readonly ours: (argv: readonly string[], kernel?: (real: StatusKernel) => StatusKernel) => Promise<Printed>;
}

/** Opens the world; call it once, at the top of a test file. */
export function openParityWorld(): ParityWorld {
  const shell = new Shell();
  const directory = mkdtempSync(join(tmpdir(), 'parity-'));
  beforeEach(() => shell.run('ipvsadm -C'));
  afterAll(async () => {
    await shell.run('ipvsadm -C');
    shell.close();
    rmSync(directory, { recursive: true });
  });
  const ipvsadm: ParityWorld['ipvsadm'] = (lists, environment = '') => runEach(shell, directory, lists, environment);
  return {
    shell,
    ipvsadm,
    ours: runOurs,
    restore: async (lines) => {
      writeFileSync(join(directory, 'table'), lines.map((line) => `${line}\n`).join(''));
      expect(await shell.run(`ipvsadm -R < ${directory}/table`)).toBe('');
    },
  };
}

/**
 * Expects that both print the same for each of these lists of arguments, but for the time that connections have left:
 * some may be there from other tests, and one program looks later than the other.
 */
export async function expectSame(world: ParityWorld, argumentLists: readonly (readonly string[])[]): Promise<void> {
  const expected = await world.ipvsadm(argumentLists);
  for (const [index, list] of argumentLists.entries()) {
    const printed = await world.ours(list);
    expect({ list, ...withoutTimes(printed) }).toEqual({ list, ...withoutTimes(expected[index] as Printed) });
  }
}

/** The same with `mm:ss` for the time that connections have left. */
export function withoutTimes(printed: Printed): Printed {
  return { ...printed, output: printed.output.replaceAll(/^(\w+) +\d\d:\d\d /gm, '$1 mm:ss ') };
}

/** Splits words at blanks; `''` is an empty word. */
export function words(text: string): readonly string[] {
  return text
    .split(' ')
    .filter((word) => word !== '')
    .map((word) => (word === "''" ? '' : word));
}

async function runEach(
  shell: Shell,
  directory: string,
  lists: readonly (readonly string[])[],
  environment: string,
): Promise<readonly Printed[]> {
  const lines = lists.map((list, index) => {
    const path = join(directory, String(index));
    return `${environment} ipvsadm ${list.map(quoted).join(' ')} >${path}.output 2>${path}.error; echo $?`;
  });
  const exitCodes = (await shell.run(lines.join('\n'))).trim().split('\n').map(Number);
  return lists.map((_, index) => ({
    output: readFileSync(join(directory, `${index}.output`), 'latin1'),
    error: readFileSync(join(directory, `${index}.error`), 'latin1'),
    exitCode: exitCodes[index] ?? Number.NaN,
  }));
}

async function runOurs(
  argv: readonly string[],
  kernel: (real: StatusKernel) => StatusKernel = (real) => real,
): Promise<Printed> {
  let output = '';
  let error = '';
  const exitCode = await runIpvsStatus(argv, {
    program: 'ipvsadm',
    versionText: '',
    terminal: () => ({ width: 100, colours: false }),
    openKernel: async () => kernel(await openStatusKernel()),
    openNames: openNameSource,
    writeOutput: (text) => (output += text),
    writeBytes: (bytes) => (output += Buffer.from(bytes).toString('latin1')),
    writeError: (text) => (error += text),
  });
  return { output, error, exitCode };
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
