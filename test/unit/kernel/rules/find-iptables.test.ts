import { describe, expect, it } from '@jest/globals';
import { rememberVersions } from '../../../../src/kernel/rules/find-iptables.ts';

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
});
