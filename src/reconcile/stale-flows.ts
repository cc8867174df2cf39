import type { TrackedFlow } from '../kernel/drivers.ts';
import type { RealServerKey } from '../model/real-server.ts';
import { realServerKey } from '../model/real-server.ts';
import type { VirtualServerKey } from '../model/virtual-server.ts';
import { virtualServerKey } from '../model/virtual-server.ts';

/** UDP virtual servers whose flows are looked at, with the real servers that these may go to. */
export interface UdpServers {
  get(key: VirtualServerKey): Pick<ReadonlySet<RealServerKey>, 'has' | 'size'> | undefined;
}

/**
 * Flows to one of the virtual servers that go somewhere else than to its real servers: a client that keeps its source
 * port would stay with an endpoint that is gone. A virtual server without real servers keeps its flows.
 */
export function staleFlows(flows: readonly TrackedFlow[], servers: UdpServers): readonly TrackedFlow[] {
  return flows.filter((flow) => {
    if (flow.protocol !== 'UDP') return false;
    const { protocol, originalDestination: address, originalDestinationPort: port } = flow;
    const allowed = servers.get(virtualServerKey({ kind: 'address', protocol, address, port }));
    if (allowed === undefined || allowed.size === 0) return false;
    return !allowed.has(realServerKey(flow.replySource, flow.replySourcePort));
  });
}
