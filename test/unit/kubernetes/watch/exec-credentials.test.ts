import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ExecCredentials } from '../../../../src/kubernetes/watch/exec-credentials.ts';
import type { ExecPluginSettings } from '../../../../src/kubernetes/watch/exec-plugin.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

const apiVersion = 'client.authentication.k8s.io/v1';
let directory = '';
let clock: ManualClock;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'exec-plugin-'));
  clock = new ManualClock();
  await clock.advance(Date.UTC(2026, 0, 1));
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

function plugin(script: string, settings: Partial<ExecPluginSettings> = {}): ExecCredentials {
  return new ExecCredentials(
    { command: '/bin/sh', args: ['-c', script], env: [], apiVersion, installHint: '', ...settings },
    clock,
  );
}

/** A script that answers with a status, and counts its runs in the token. */
function answering(status: (run: string) => object): string {
  const answer = JSON.stringify({ apiVersion, kind: 'ExecCredential', status: status('RUN') });
  return `cd ${directory}; echo x >> runs; echo '${answer}' | sed "s/RUN/$(wc -l < runs)/"`;
}

const inSeconds = (seconds: number) => new Date(clock.nowMs() + seconds * 1000).toISOString();

describe('ExecCredentials', () => {
  it('keeps what does not expire, until it is refused', async () => {
    const credentials = plugin(answering((run) => ({ token: `t${run}` })));
    expect(await credentials.read(false)).toEqual({ token: 't1' });
    await clock.advance(1e9);
    expect(await credentials.read(false)).toEqual({ token: 't1' });
    expect(await credentials.read(true)).toEqual({ token: 't2' });
  });

  it('asks again a minute before the end', async () => {
    const expirationTimestamp = inSeconds(3600);
    const credentials = plugin(answering((run) => ({ token: `t${run}`, expirationTimestamp })));
    const expected = { expiresAtMs: Date.parse(expirationTimestamp), renewAtMs: clock.nowMs() + 3_540_000 };
    expect(await credentials.read(false)).toEqual({ token: 't1', ...expected });
    await clock.advance(3_539_999);
    expect(await credentials.read(false)).toMatchObject({ token: 't1' });
    await clock.advance(1);
    expect(await credentials.read(false)).toMatchObject({ token: 't2' });
  });

  it('asks again when a tenth of a short time is left', async () => {
    const credentials = plugin(answering(() => ({ token: 't', expirationTimestamp: inSeconds(100) })));
    expect(await credentials.read(false)).toMatchObject({ renewAtMs: clock.nowMs() + 90_000 });
  });

  it('does not run without end a plugin whose credentials have ended, or a clock that jumped', async () => {
    const credentials = plugin(answering((run) => ({ token: `t${run}`, expirationTimestamp: inSeconds(-5) })));
    expect(await credentials.read(false)).toMatchObject({ token: 't1', renewAtMs: clock.nowMs() + 10_000 });
    expect(await credentials.read(false)).toMatchObject({ token: 't1' });
    await clock.advance(10_000);
    expect(await credentials.read(false)).toMatchObject({ token: 't2' });
  });

  it('takes a client certificate with its key', async () => {
    const status = { clientCertificateData: 'CERT', clientKeyData: 'KEY' };
    expect(await plugin(answering(() => status)).read(false)).toEqual({ cert: 'CERT', key: 'KEY' });
  });

  it('tells the plugin its arguments, its environment, and what it is for', async () => {
    const script = `printf '{"apiVersion":"${apiVersion}","kind":"ExecCredential","status":{"token":"%s"}}' "$COLOUR,$(echo "$KUBERNETES_EXEC_INFO" | tr '"' "'")"`;
    const settings = { env: [{ name: 'COLOUR', value: 'blue' }], cluster: { server: 'https://a' } };
    const { token = '' } = await plugin(script, settings).read(false);
    const [colour, info] = [token.slice(0, 4), token.slice(5).replaceAll("'", '"')];
    expect(colour).toBe('blue');
    expect(JSON.parse(info)).toEqual({
      apiVersion,
      kind: 'ExecCredential',
      spec: { interactive: false, cluster: { server: 'https://a' } },
    });
  });

  const answer = (body: object) => `echo '${JSON.stringify(body)}'`;
  it.each<[string, string, RegExp]>([
    ['fails', 'echo one >&2; echo two >&2; exit 3', /^credential plugin \/bin\/sh: ended with exit code 3: one; two$/],
    ['is killed', 'kill -9 $$', /ended with SIGKILL: it wrote no reason/],
    ['says nothing', 'true', /its answer is not JSON/],
    ['says something else', answer({ kind: 'Status' }), /its answer is no ExecCredential/],
    ['says null', 'echo null', /its answer is no ExecCredential/],
    [
      'speaks another version',
      answer({ kind: 'ExecCredential', apiVersion: 'client.authentication.k8s.io/v1beta1' }),
      /it answers in client.authentication.k8s.io\/v1beta1; the kubeconfig says exec.apiVersion .*\/v1$/,
    ],
    ['gives nothing', answer({ kind: 'ExecCredential', apiVersion, status: {} }), /neither a token nor/],
    ['has no status', answer({ kind: 'ExecCredential', apiVersion }), /neither a token nor/],
    [
      'gives half a pair',
      answer({ kind: 'ExecCredential', apiVersion, status: { clientKeyData: 'x' } }),
      /one of clientCertificateData and clientKeyData, not both/,
    ],
    [
      'gives no time',
      answer({ kind: 'ExecCredential', apiVersion, status: { token: 'x', expirationTimestamp: 'soon' } }),
      /status.expirationTimestamp soon is no time/,
    ],
  ])('refuses a plugin that %s', async (_name, script, words) => {
    await expect(plugin(script).read(false)).rejects.toMatchObject({ code: 'EXEC_PLUGIN' });
    await expect(plugin(script).read(false)).rejects.toThrow(words);
  });

  it('says how to get a plugin that is missing, and what keeps one from running', async () => {
    const missing = { command: '/none/plugin', args: [] };
    await expect(plugin('', missing).read(false)).rejects.toThrow(/\/none\/plugin: the program does not exist; it has/);
    const hinted = plugin('', { ...missing, installHint: 'see https://example.com' });
    await expect(hinted.read(false)).rejects.toThrow('does not exist; see https://example.com');
    await writeFile(join(directory, 'file'), '');
    const file = plugin('', { command: join(directory, 'file'), args: [] });
    await expect(file.read(false)).rejects.toThrow('may not be executed by this user; is its execute bit set?');
  });

  it('ends a plugin that takes longer than a minute', async () => {
    const credentials = plugin(`echo $$ > ${directory}/pid; exec sleep 600`);
    const reading = credentials.read(false);
    await Promise.all([
      expect(reading).rejects.toThrow('no credential within 60 s'),
      (async () => {
        await new Promise((resolve) => {
          setTimeout(resolve, 100);
        });
        await clock.advance(60_000);
      })(),
    ]);
  });

  it('gives the last credential up only for a new one', async () => {
    const credentials = plugin(`test -e ${directory}/broken && exit 1; ${answering((run) => ({ token: `t${run}` }))}`);
    await credentials.read(false);
    await writeFile(join(directory, 'broken'), '');
    await expect(credentials.read(true)).rejects.toThrow('exit code 1');
    expect(await credentials.read(false)).toEqual({ token: 't1' });
  });
});
