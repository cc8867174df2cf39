import { describe, expect, it } from '@jest/globals';
import { restoreFailure } from '../../../../src/kernel/rules/restore-failure.ts';

const input = ['*nat', ':A - [0:0]', '-A A one', '-A A two', '-A A three', '-A A four', '-A A five', 'COMMIT', ''].join(
  '\n',
);

function failure(stderr: string, exitCode: number | undefined = 2): string {
  return restoreFailure('write rules', { exitCode, stdout: '', stderr }, input).message;
}

describe('restoreFailure', () => {
  it.each([
    ['legacy', 'iptables-restore: line 4 failed\n'],
    ['parse errors', 'bad argument\nError occurred at line: 4\nTry --help'],
    [
      'nft',
      'iptables-nft-restore v1.8.9 (nf_tables): \nline 4: RULE_APPEND failed (Invalid argument): rule in chain A',
    ],
  ])('shows three lines around the one that %s names', (_name, stderr) => {
    expect(failure(stderr)).toContain(
      '  1: *nat\n  2: :A - [0:0]\n  3: -A A one\n> 4: -A A two\n  5: -A A three\n  6: -A A four\n  7: -A A five\n',
    );
  });

  it('shows no lines when iptables names none, or one that is not there', () => {
    expect(failure('something')).not.toContain('input:');
    expect(failure('line 99 failed')).not.toContain('input:');
  });

  it.each([
    ["Set X doesn't exist.", 'the IP set has to exist'],
    ['Another app is currently holding the xtables lock. Stopped waiting after 5s.', 'another program holds'],
    ['line 2: TABLE_ADD failed (Operation not supported): table nat', 'use the legacy flavour'],
    ["Couldn't load match `ipvs':No such file", 'lacks this extension'],
    ["unable to initialize table 'filter'", 'module of this table'],
    ['Permission denied (you must be root)', 'CAP_NET_ADMIN'],
  ])('knows the cause of %j', (stderr, hint) => {
    expect(failure(stderr)).toContain(hint);
  });

  it('bounds the words, and tells the exit code or the signal', () => {
    expect(failure('x'.repeat(10_000)).length).toBeLessThan(2_200);
    expect(failure('x', 4)).toContain('exit code 4');
    expect(restoreFailure('write', { exitCode: undefined, stdout: '', stderr: '' }, input).message).toContain('signal');
  });
});
