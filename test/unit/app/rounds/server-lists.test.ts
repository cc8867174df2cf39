import { describe, expect, it } from '@jest/globals';
import { configuredServer, learnedServers, listedServers } from '../../../../src/app/rounds/server-lists.ts';

const settings = { urls: [], tlsServerName: '', discovery: true, cacheFile: '' };
const source = { server: 'https://api.example.com:6443' };
const found = {
  urls: ['https://192.0.2.1:6443', 'https://192.0.2.2:6443', 'https://192.0.2.3:6443'],
  virtualHosts: ['10.96.0.1'],
};

describe('configuredServer', () => {
  it('is the one of the kubeconfig', () => {
    expect(configuredServer({ source })).toEqual({ url: 'https://api.example.com:6443', origin: 'configured' });
  });

  it('says what to do when the address of a pod leads nowhere', () => {
    const { hint } = configuredServer({ source: { server: 'https://[fd00::1]:443', isInCluster: true } });
    expect(hint).toMatch(
      /^fd00::1 is from KUBERNETES_SERVICE_HOST, .* set apiServer\.urls of the ProxierConfiguration/,
    );
  });
});

describe('listedServers', () => {
  it('have their own names, unless one is given', () => {
    const urls = ['https://192.0.2.9:6443'];
    expect(listedServers({ settings: { ...settings, urls } })).toEqual([{ url: urls[0], origin: 'listed' }]);
    expect(listedServers({ settings: { ...settings, urls, tlsServerName: 'kubernetes' } })).toEqual([
      { url: urls[0], origin: 'listed', certificateName: 'kubernetes' },
    ]);
  });
});

describe('learnedServers', () => {
  it('have certificates for the name of the configured server, unless one is given', () => {
    const names = (tlsServerName: string) =>
      learnedServers(found, { source, settings: { ...settings, tlsServerName }, nodeName: 'n' }).servers.map(
        ({ certificateName }) => certificateName,
      );
    expect(new Set(names(''))).toEqual(new Set(['api.example.com']));
    expect(new Set(names('kubernetes'))).toEqual(new Set(['kubernetes']));
  });

  it('are all there for every node, in an order that spreads the nodes evenly', () => {
    const firsts = new Map<string, number>();
    for (let node = 0; node < 300; node += 1) {
      const { servers } = learnedServers(found, { source, settings, nodeName: `node-${node}` });
      expect(servers.map(({ url }) => url).sort()).toEqual(found.urls);
      const first = servers[0]?.url ?? '';
      firsts.set(first, (firsts.get(first) ?? 0) + 1);
    }
    expect([...firsts.values()].every((count) => count > 70 && count < 130)).toBe(true);
  });
});
