import { describe, expect, it } from '@jest/globals';
import { silentLog } from '../../../../src/observe/log.ts';
import { normalizeServerUrl } from '../../../../src/kubernetes/watch/api-server.ts';
import { anonymousSource } from '../../../../src/kubernetes/watch/credentials.ts';
import { openCredentials } from '../../../../src/kubernetes/watch/open-credentials.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

const shared = {
  environment: {},
  directory: '/nonexistent',
  clock: new ManualClock(),
  log: silentLog,
  openKubeConfig: (path: string, master: string) => Promise.resolve(anonymousSource(`${path}|${master}`)),
};

describe('openCredentials', () => {
  it.each([
    ['/k', '', '/k|'],
    ['/k', 'https://m:6443', '/k|https://m:6443'],
    ['', 'https://m:6443/', 'https://m:6443'],
    ['', '10.0.0.1:8080', 'http://10.0.0.1:8080'],
  ])('with kubeconfig "%s" and master "%s" goes to %s', async (kubeconfig, master, expected) => {
    expect((await openCredentials({ ...shared, kubeconfig, master })).server).toBe(expected);
  });

  it('asks the pod when nothing is given', async () => {
    const opening = openCredentials({ ...shared, kubeconfig: '', master: '' });
    await expect(opening).rejects.toMatchObject({ code: 'API_CLIENT_CONFIG' });
  });
});

describe('normalizeServerUrl', () => {
  it.each([
    ['https://a:6443/', 'https://a:6443'],
    ['http://a', 'http://a'],
    ['a:6443', 'https://a:6443'],
    ['https://a/k8s/c1//', 'https://a/k8s/c1'],
  ])('%s is %s', (text, expected) => {
    expect(normalizeServerUrl(text, 'https')).toBe(expected);
  });
});
