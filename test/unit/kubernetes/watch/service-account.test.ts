import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { silentLog } from '../../../../src/observe/log.ts';
import { openServiceAccount } from '../../../../src/kubernetes/watch/service-account.ts';
import { recordingLog } from './recording-log.ts';

const environment = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' };
let directory = '';

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'service-account-'));
  await writeFile(join(directory, 'token'), 'secret-1\n');
  await writeFile(join(directory, 'ca.crt'), 'PEM');
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

describe('openServiceAccount', () => {
  it('reads the files of the pod each time', async () => {
    const source = await openServiceAccount({ environment, directory, log: silentLog });
    expect(source.server).toBe('https://10.96.0.1:443');
    await writeFile(join(directory, 'token'), 'secret-2');
    await writeFile(join(directory, 'ca.crt'), 'PEM2');
    expect(await source.read(false)).toEqual({
      ca: 'PEM2',
      verifyServer: true,
      headers: { Authorization: 'Bearer secret-2' },
    });
  });

  it('puts an IPv6 host into brackets', async () => {
    const source = await openServiceAccount({
      environment: { ...environment, KUBERNETES_SERVICE_HOST: 'fd00::1' },
      directory,
      log: silentLog,
    });
    expect(source.server).toBe('https://[fd00::1]:443');
  });

  it('uses the authorities of the system without ca.crt, and says so', async () => {
    await rm(join(directory, 'ca.crt'));
    const { log, lines } = recordingLog();
    const source = await openServiceAccount({ environment, directory, log });
    expect(await source.read(false)).not.toHaveProperty('ca');
    expect(lines).toHaveLength(1);
  });

  it('refuses to start outside of a cluster', async () => {
    const opening = openServiceAccount({ environment: {}, directory, log: silentLog });
    await expect(opening).rejects.toMatchObject({ code: 'API_CLIENT_CONFIG' });
  });

  it.each([
    ['missing', () => rm(join(directory, 'token'))],
    ['empty', () => writeFile(join(directory, 'token'), ' \n')],
  ])('refuses to start when the token is %s', async (_name, damage) => {
    await damage();
    const opening = openServiceAccount({ environment, directory, log: silentLog });
    await expect(opening).rejects.toMatchObject({ code: 'API_CLIENT_CONFIG' });
  });
});
