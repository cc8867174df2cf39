import type { RealServer } from '../../../src/model/real-server.ts';
import { describe, expect, it } from '@jest/globals';
import { masqueradingRealServer, realServerKey, sameRealServerSettings } from '../../../src/model/real-server.ts';
import { ip } from '../../support/builders.ts';

const server = masqueradingRealServer(ip('10.244.0.1'), 8080, 1);

describe('real servers', () => {
  it('have a key', () => {
    expect(server.key).toBe('10.244.0.1:8080');
    expect(realServerKey(ip('fd00::1'), 80)).toBe('[fd00::1]:80');
  });

  it('masquerade without thresholds', () => {
    expect(server).toMatchObject({ forwarding: 'masquerade', weight: 1, upperThreshold: 0, lowerThreshold: 0 });
  });

  it.each<[string, Partial<RealServer>, boolean]>([
    ['another weight', { weight: 0 }, false],
    ['another forwarding method', { forwarding: 'directRouting' }, false],
    ['another upper threshold', { upperThreshold: 1 }, false],
    ['another lower threshold', { lowerThreshold: 1 }, false],
    ['a tunnel of another type', { tunnel: { type: 'gre', port: 0, flags: 0 } }, false],
    ['a tunnel with another port', { tunnel: { type: 'ipip', port: 1, flags: 0 } }, false],
    ['a tunnel with other flags', { tunnel: { type: 'ipip', port: 0, flags: 1 } }, false],
    ['a plain tunnel, which is what none means', { tunnel: { type: 'ipip', port: 0, flags: 0 } }, true],
    ['another address', { address: ip('10.244.0.2') }, true],
  ])('with %s have the same settings: %#', (_name, change, same) => {
    expect(sameRealServerSettings(server, { ...server, ...change })).toBe(same);
  });
});
