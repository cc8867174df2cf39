import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

interface Ended {
  readonly code: number | string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Capabilities of a thread, as hexadecimal numbers: inheritable, permitted, effective, ambient; and the bounding set. */
interface Sets {
  readonly held: readonly string[];
  readonly bounding: string;
  /** no_new_privs. */
  readonly isLocked: boolean;
}

/** Runs a program of test/support/native in a process of its own; ended by a signal, its code is the signal's name. */
function run(program: string, ...values: string[]): Promise<Ended> {
  const path = join(__dirname, '..', '..', 'support', 'native', program);
  return new Promise((resolve) => {
    execFile(process.execPath, ['--expose-gc', path, ...values], { timeout: 60_000 }, (error, stdout, stderr) => {
      const code = error ? (error.signal ?? error.code ?? null) : 0;
      resolve({ code, stdout: stdout.trim(), stderr });
    });
  });
}

describe('netlink addon: process', () => {
  it.each([
    ['in the middle of batches', 'busy', '5'],
    ['before the first batch is done', 'busy', '0'],
    ['while it waits for a reply', 'waiting', '20'],
    ['with results that nobody has taken', 'finished', '5'],
    ['with monitors open', 'monitoring', '5'],
  ])(
    'lets process.exit end the process at once, %s',
    async (_name, way, delayMs) => {
      const started = Date.now();
      for (let round = 0; round < 3; round++) {
        expect(await run('exit-during-work.ts', way, delayMs)).toMatchObject({ code: 7, stderr: '' });
      }
      expect(Date.now() - started).toBeLessThan(20_000);
    },
    60_000,
  );

  it('survives the end of worker threads that use it', async () => {
    expect(await run('worker-end.ts')).toEqual({ code: 0, stdout: '20', stderr: '' });
  }, 60_000);

  it('keeps the process alive for a call, not for a monitor', async () => {
    expect(await run('natural-end.ts')).toEqual({ code: 0, stdout: '110', stderr: '' });
  }, 60_000);

  it('keeps nothing of 20,000 calls', async () => {
    const { code, stdout } = await run('leak.ts', '20000');
    expect(code).toBe(0);
    const left = JSON.parse(stdout) as { memoryBytes: number; files: number };
    expect(left.files).toBe(0);
    // One lost result object or batch per call would be 5 MB and more.
    expect(left.memoryBytes).toBeLessThan(4 * 1024 * 1024);
  }, 60_000);

  it('takes rights from one thread and from what it starts, not from others', async () => {
    const { code, stdout } = await run('limit-capabilities.ts', '0');
    expect(code).toBe(0);
    const { before, after, program, thread } = JSON.parse(stdout) as Record<string, Sets>;
    const nothing = ['0', '0', '0', '0'];
    expect([after?.held, program?.held]).toEqual([nothing, nothing]);
    expect([after?.isLocked, program?.isLocked]).toEqual([true, true]);
    expect(thread).toEqual(before);
    // Only who has SETPCAP, as root has, may take from the bounding set.
    const mayChangeBounds = (BigInt(`0x${before?.held[2] ?? '0'}`) >> 8n) & 1n;
    expect(after?.bounding).toBe(mayChangeBounds ? '0' : before?.bounding);
  }, 60_000);
});
