import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it, jest } from '@jest/globals';
import { removeNetwork } from '../../support/node-world/network.ts';
import { Shell } from '../../support/shell.ts';
import { compileTraffic } from '../../takeover/traffic.ts';

if (process.env.LAB === undefined) throw new Error('this test needs the kernel lab: test/lab/lab.ts run -- ...');

// The lab is one slow processor, and a dozen programs are started.
jest.setTimeout(240_000);

const directory = mkdtempSync(join(tmpdir(), 'takeover-'));
const story = join(import.meta.dirname, '../../takeover/story.ts');
const shell = new Shell();

afterAll(async () => {
  await removeNetwork(shell);
  shell.close();
  rmSync(directory, { recursive: true });
});

it('goes from kube-proxy to us and back without a connection cut or refused, or an answer wrong', async () => {
  const program = compileTraffic(directory);
  const { output, exitCode } = await shell.attempt(`${process.execPath} ${story} --short --traffic ${program}`);
  expect({ output, exitCode }).toEqual({ output, exitCode: 0 });
  expect(output).toContain('no connection cut, none refused, no wrong answer');
});
