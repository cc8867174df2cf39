import { describe, expect, it } from '@jest/globals';
import { commandRunner } from '../../../../src/kernel/rules/run-command.ts';

const run = commandRunner({ timeoutMs: 20_000, maxOutputBytes: 100_000 });
const node = (script: string) => ({ file: process.execPath, parameters: ['-e', script] });

describe('commandRunner', () => {
  it('hands over input and returns output, words and exit code', async () => {
    expect(await run({ file: 'cat', parameters: [], input: 'two\nlines\n' })).toEqual({
      exitCode: 0,
      stdout: 'two\nlines\n',
      stderr: '',
    });
    const failed = await run(node('console.error("no"); process.exit(4)'));
    expect(failed).toEqual({ exitCode: 4, stdout: '', stderr: 'no\n' });
  });

  it('does not interpret parameters', async () => {
    const { stdout } = await run({ file: 'printf', parameters: ['%s', '$HOME; `id` "x"'] });
    expect(stdout).toBe('$HOME; `id` "x"');
  });

  it('survives a program that does not read its input', async () => {
    const { exitCode } = await run({ file: 'true', parameters: [], input: 'x'.repeat(1_000_000) });
    expect(exitCode).toBe(0);
  });

  it('tells a program that is not there', async () => {
    await expect(run({ file: 'no-such-program', parameters: [] })).rejects.toMatchObject({ code: 'COMMAND_NOT_FOUND' });
  });

  it('ends a program that takes too long', async () => {
    const short = commandRunner({ timeoutMs: 50, maxOutputBytes: 1_000 });
    await expect(short({ file: 'sleep', parameters: ['60'] })).rejects.toMatchObject({ code: 'COMMAND_TIMED_OUT' });
  });

  it('does not wait for what a program that takes too long has started', async () => {
    const short = commandRunner({ timeoutMs: 100, maxOutputBytes: 1_000 });
    const begin = performance.now();
    const command = { file: 'sh', parameters: ['-c', 'sleep 5; true'] };
    await expect(short(command)).rejects.toMatchObject({ code: 'COMMAND_TIMED_OUT' });
    expect(performance.now() - begin).toBeLessThan(4_000);
  });

  it('ends a program that prints too much', async () => {
    await expect(run({ file: 'yes', parameters: [] })).rejects.toMatchObject({ code: 'COMMAND_OUTPUT_TOO_LONG' });
  });

  it('ends a program when it is told to stop', async () => {
    const controller = new AbortController();
    const bound = commandRunner({ timeoutMs: 60_000, maxOutputBytes: 1_000, signal: controller.signal });
    const running = bound({ file: 'sleep', parameters: ['60'] });
    controller.abort();
    await expect(running).rejects.toMatchObject({ code: 'COMMAND_ABORTED' });
  });

  it('reports a program that a signal ended', async () => {
    expect(await run(node('process.kill(process.pid, "SIGTERM")'))).toMatchObject({ exitCode: undefined });
  });
});
