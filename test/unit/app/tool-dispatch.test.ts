import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { daemonArguments, toolsFile } from '../../../src/app/tool-dispatch.ts';
import { tools } from '../../../src/cli/tools.ts';

const root = join(__dirname, '../../..');
const launcher = readFileSync(join(root, '.build/launcher.sh'), 'utf8');
const dispatch = readFileSync(join(root, 'src/app/tool-dispatch.ts'), 'utf8');

describe('the words that choose a tool', () => {
  it('are the same in launcher, program and help', () => {
    const words = /^ {2}(plan .*)\)$/m.exec(launcher)?.[1]?.split(' | ');
    const names = /new Set\(\[(.*)\]\)/
      .exec(dispatch)?.[1]
      ?.split(', ')
      .map((word) => word.slice(1, -1));
    expect(words).toEqual(names);
    expect(names).toEqual(expect.arrayContaining(tools.map(({ name }) => name)));
    expect(names).toEqual(expect.arrayContaining(['help', 'completion']));
  });
});

describe('the command line', () => {
  it('asks for a tool with its first word only', () => {
    expect(toolsFile(['explain', 'svc/a/b'])).toMatch(/\/app\/tools\/main\.ts$/);
    expect(toolsFile(['--v=2', 'explain'])).toBeUndefined();
    expect(toolsFile([])).toBeUndefined();
  });

  it('may say cleanup for the flag', () => {
    expect(daemonArguments(['cleanup', '--dry-run'])).toEqual(['--cleanup', '--dry-run']);
    expect(daemonArguments(['--v=2', 'cleanup'])).toEqual(['--v=2', 'cleanup']);
  });
});
