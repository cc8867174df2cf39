import { spawnSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import { optionTable } from '../../../../src/cli/ipvs-status/options.ts';
import { listingOptions, statusCompletion } from '../../../../src/cli/ipvs-status/status-completion.ts';

const options = [...listingOptions, { name: 'service' }, { name: 'o', choices: ['json', 'yaml'] }];

/** What bash offers after these words. */
function offered(words: readonly string[]): readonly string[] {
  const script = `${statusCompletion('bash', options)}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}
_ipvs_status; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return spawnSync('bash', ['-c', script], { encoding: 'utf8' }).stdout.split('\n').filter(Boolean);
}

describe('bash', () => {
  it('completes options and their values', () => {
    expect(offered(['ipvs-status', '--serv'])).toEqual(['--service']);
    expect(offered(['ipvs-status', '--st'])).toEqual(['--stats']);
    expect(offered(['ipvs-status', '-o', ''])).toEqual(['json', 'yaml']);
    expect(offered(['ipvs-status', '-o', 'y'])).toEqual(['yaml']);
  });
});

it('zsh takes over the script of bash; fish has a line for each option', () => {
  expect(statusCompletion('zsh', options)).toMatch(/^#compdef ipvs-status\nautoload -U \+X bashcompinit/);
  const lines = statusCompletion('fish', options).split('\n');
  expect(lines).toContain('complete -c ipvs-status -l stats');
  expect(lines).toContain('complete -c ipvs-status -s o -x -a "json yaml"');
});

it('offers only what there is', () => {
  const known = new Set(optionTable.flatMap(({ short, long }) => [short, long]));
  expect(listingOptions.filter(({ name }) => !known.has(name))).toEqual([]);
});
