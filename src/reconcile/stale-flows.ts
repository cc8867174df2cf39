import type { TrackedFlow } from '../kernel/drivers.ts';
import type { RealServerKey } from '../model/real-server.ts';
import { realServerKey } from '../model/real-server.ts';
import { formatEndpoint } from '../model/virtual-server.ts';

/** UDP addresses, as `address:port`, with the real servers that their flows may go to. */
export type UdpServers = ReadonlyMap<string, ReadonlySet<RealServerKey>>;

/**
 * Flows to one of the addresses that go somewhere else than to its real servers: a client that keeps its source port
 * would stay with an endpoint that is gone. An address without real servers keeps its flows. Pure.
 */
export function staleFlows(flows: readonly TrackedFlow[], servers: UdpServers): readonly TrackedFlow[] {
  return flows.filter((flow) => {
    if (flow.protocol !== 'UDP') return false;
    const allowed = servers.get(formatEndpoint(flow.originalDestination, flow.originalDestinationPort));
    if (allowed === undefined || allowed.size === 0) return false;
    return !allowed.has(realServerKey(flow.replySource, flow.replySourcePort));
  });
}
