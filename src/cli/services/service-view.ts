import type { ListedRealServer, ListedVirtualServer } from '../../kernel/drivers.ts';
import type { TrafficCounters } from '../../model/real-server.ts';
import type { StatusEndpoint } from '../../model/status-protocol.ts';
import type { VirtualServer, VirtualServerIdentity, VirtualServerKey } from '../../model/virtual-server.ts';
import { formatEndpoint } from '../../model/virtual-server.ts';
import type { DaemonPicture, ShownOwner } from './daemon-picture.ts';

/** A virtual server of the kernel with what the daemon knows of it. */
export interface ShownVirtualServer {
  readonly key: VirtualServerKey;
  readonly identity: VirtualServerIdentity;
  readonly scheduler: string;
  /** Seconds a client stays with its real server; 0 for none. */
  readonly persistenceSeconds: number;
  readonly counters: TrafficCounters;
  readonly owner: ShownOwner | undefined;
  readonly realServers: readonly ShownRealServer[];
}

/**
 * What a real server does: it takes new connections; it keeps those it has until they end, or until the deadline, because
 * its endpoint is gone; it does so without a deadline, because its endpoint is still listed; or nobody knows why its
 * weight is 0.
 */
type ServerState = 'active' | 'draining' | 'waiting' | 'idle';

export interface ShownRealServer {
  readonly address: string;
  readonly port: number;
  readonly forwarding: ListedRealServer['forwarding'];
  readonly weight: number;
  readonly activeConnections: number;
  readonly inactiveConnections: number;
  /** Empty for what is unknown. */
  readonly pod: string;
  readonly node: string;
  readonly zone: string;
  readonly state: ServerState;
  /** Since when it takes no new connections; undefined unless it drains or waits. */
  readonly forSeconds: number | undefined;
}

export type RealServersOf = (virtualServer: VirtualServer) => readonly ListedRealServer[];

/** Joins the table of the kernel with what the daemon tells, in the order of the former. Pure. */
export function serviceView(
  virtualServers: readonly ListedVirtualServer[],
  realServersOf: RealServersOf,
  picture: DaemonPicture,
): readonly ShownVirtualServer[] {
  return virtualServers.map(({ virtualServer, counters }) => {
    const { key, identity, scheduler, persistenceTimeoutSeconds } = virtualServer;
    const found = picture.ownerOf(identity);
    const places = found === undefined ? noPlaces : picture.placesOf(found);
    const draining = picture.drainingOf(identity);
    return {
      key,
      identity,
      scheduler,
      persistenceSeconds: persistenceTimeoutSeconds,
      counters,
      owner: found?.owner,
      realServers: realServersOf(virtualServer).map((realServer): ShownRealServer => {
        const endpoint = formatEndpoint(realServer.address, realServer.port);
        const place = places.get(endpoint);
        const { pod = '', node = '', zone = '' } = place ?? {};
        return { ...realServer, pod, node, zone, ...stateOf(realServer, draining.get(endpoint)) };
      }),
    };
  });
}

const noPlaces: ReadonlyMap<string, StatusEndpoint> = new Map();

function stateOf(
  { weight }: ListedRealServer,
  draining: { readonly forSeconds: number; readonly goneForSeconds?: number } | undefined,
): Pick<ShownRealServer, 'state' | 'forSeconds'> {
  if (weight > 0) return { state: 'active', forSeconds: undefined };
  if (draining === undefined) return { state: 'idle', forSeconds: undefined };
  const state = draining.goneForSeconds === undefined ? 'waiting' : 'draining';
  return { state, forSeconds: draining.forSeconds };
}
