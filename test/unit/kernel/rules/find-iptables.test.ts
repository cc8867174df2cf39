import { describe, expect, it } from '@jest/globals';
import { rememberVersions } from '../../../../src/kernel/rules/find-iptables.ts';
import { CommandError } from '../../../../src/kernel/rules/run-command.ts';

describe('rememberVersions', () => {
  it('asks each program for its version once, and runs everything else', async () => {
    const started: string[] = [];
    const run = rememberVersions(async ({ file, parameters }) => {
      started.push([file, ...parameters].join(' '));
      return { exitCode: 0, stdout: file, stderr: '' };
    });
    for (const file of ['iptables', 'ip6tables', 'iptables']) {
      expect((await run({ file, parameters: ['--version'] })).stdout).toBe(file);
    }
    await run({ file: 'iptables-save', parameters: [] });
    await run({ file: 'iptables-save', parameters: [] });
    expect(started).toEqual(['iptables --version', 'ip6tables --version', 'iptables-save', 'iptables-save']);
  });

  it('asks again for what did not come to its end, and not for what is not installed', async () => {
    const answers = [
      new CommandError('COMMAND_TIMED_OUT', 'slow'),
      new CommandError('COMMAND_NOT_FOUND', 'iptables is not installed'),
    ];
    let asked = 0;
    const run = rememberVersions(() => Promise.reject(answers[asked++] ?? new Error('asked too often')));
    const version = () => run({ file: 'iptables', parameters: ['--version'] });
    await expect(version()).rejects.toThrow('slow');
    await expect(version()).rejects.toThrow('not installed');
    await expect(version()).rejects.toThrow('not installed');
    expect(asked).toBe(2);
  });
});
