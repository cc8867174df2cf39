import type { TrackedFlow } from '../../../src/kernel/drivers.ts';
import type { RealServerKey } from '../../../src/model/real-server.ts';
import { describe, expect, it } from '@jest/globals';
import { staleFlows } from '../../../src/reconcile/stale-flows.ts';
import type { VirtualServerKey } from '../../../src/model/virtual-server.ts';
import { virtualServerKey } from '../../../src/model/virtual-server.ts';
import { aFlow, ip } from '../../support/builders.ts';

const servers = new Map<VirtualServerKey, ReadonlySet<RealServerKey>>([
  [keyOf('10.96.0.10'), new Set(['10.244.0.1:5353' as RealServerKey])],
  [keyOf('10.96.0.11'), new Set()],
  [keyOf('fd00::a'), new Set(['[fd00::1]:5353' as RealServerKey])],
]);
const six = { originalSource: ip('fd00::9'), originalDestination: ip('fd00::a'), replySource: ip('fd00::1') };

describe('staleFlows', () => {
  it.each<[string, TrackedFlow, boolean]>([
    ['to a real server of the address', aFlow(), false],
    ['to a real server that is gone', aFlow({ replySource: ip('10.244.0.2') }), true],
    ['to another port of the real server', aFlow({ replySourcePort: 53 }), true],
    ['to an address without real servers', aFlow({ originalDestination: ip('10.96.0.11') }), false],
    ['to an address that is not asked about', aFlow({ originalDestination: ip('10.96.0.12') }), false],
    ['to another port of the address', aFlow({ originalDestinationPort: 54, replySource: ip('10.244.0.2') }), false],
    ['of TCP', aFlow({ protocol: 'TCP', replySource: ip('10.244.0.2') }), false],
    ['over IPv6 to a real server of the address', aFlow(six), false],
    ['over IPv6 to a real server that is gone', aFlow({ ...six, replySource: ip('fd00::2') }), true],
  ])('a flow %s', (_name, each, stale) => {
    expect(staleFlows([each], servers)).toEqual(stale ? [each] : []);
  });
});

function keyOf(address: string): VirtualServerKey {
  return virtualServerKey({ kind: 'address', protocol: 'UDP', address: ip(address), port: 53 });
}
