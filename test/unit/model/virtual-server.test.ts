import type { VirtualServer } from '../../../src/model/virtual-server.ts';
import { describe, expect, it } from '@jest/globals';
import { sameVirtualServerSettings, virtualServerFamily } from '../../../src/model/virtual-server.ts';
import { markedVirtualServer, virtualServer } from '../../support/ipvs-builders.ts';

describe('virtual servers', () => {
  it.each<[VirtualServer, string, string]>([
    [virtualServer('TCP', '10.96.0.1:80'), 'TCP/10.96.0.1:80', 'IPv4'],
    [virtualServer('UDP', '[fd00::1]:53'), 'UDP/[fd00::1]:53', 'IPv6'],
    [markedVirtualServer(7, 'IPv6'), 'FWM/7/IPv6', 'IPv6'],
  ])('have a key: %#', (server, key, family) => {
    expect(server.key).toBe(key);
    expect(virtualServerFamily(server.identity)).toBe(family);
  });

  it('have keys of their own for the same port of two protocols', () => {
    expect(virtualServer('TCP', '10.96.0.1:53').key).not.toBe(virtualServer('UDP', '10.96.0.1:53').key);
  });

  it.each<[keyof VirtualServer, Partial<VirtualServer>]>([
    ['scheduler', { scheduler: 'lc' }],
    ['flags', { flags: 4 }],
    ['persistenceTimeoutSeconds', { persistenceTimeoutSeconds: 300 }],
    ['persistencePrefixLength', { persistencePrefixLength: 24 }],
    ['persistenceEngine', { persistenceEngine: 'sip' }],
  ])('differ in %s', (_name, change) => {
    const server = virtualServer('TCP', '10.96.0.1:80');
    expect(sameVirtualServerSettings(server, { ...server, ...change })).toBe(false);
    expect(sameVirtualServerSettings(server, { ...virtualServer('TCP', '10.96.0.2:80') })).toBe(true);
  });
});
