import type { TrafficCounters } from '../../model/real-server.ts';
import type { ShownRealServer, ShownVirtualServer } from './service-view.ts';

/** A value that JSON and YAML can have. What is undefined is left out. */
export type DocumentValue =
  | string
  | number
  | boolean
  | readonly DocumentValue[]
  | { readonly [name: string]: DocumentValue | undefined };

/** The view as data. Fields may be added in later versions; what is unknown is left out. */
export function servicesDocument(view: readonly ShownVirtualServer[], node: string): DocumentValue {
  return {
    apiVersion: 'ipvs-proxier.io/v1alpha1',
    kind: 'VirtualServerList',
    ...(node !== '' && { node }),
    items: view.map(virtualServerValue),
  };
}

function virtualServerValue(shown: ShownVirtualServer): DocumentValue {
  const { identity, owner, scheduler, persistenceSeconds, counters, realServers } = shown;
  return {
    ...identityValue(identity),
    scheduler,
    persistenceSeconds: persistenceSeconds === 0 ? undefined : persistenceSeconds,
    service:
      owner === undefined
        ? undefined
        : {
            namespace: owner.namespace,
            name: owner.name,
            port: owner.portName,
            type: owner.type,
            via: owner.from,
            trafficPolicy: owner.policy,
          },
    counters: countersValue(counters),
    realServers: realServers.map(realServerValue),
  };
}

function identityValue(identity: ShownVirtualServer['identity']): Readonly<Record<string, DocumentValue>> {
  if (identity.kind === 'firewallMark') return { firewallMark: identity.firewallMark, family: identity.family };
  const { protocol, address, port } = identity;
  return { protocol, address, port };
}

/** Numbers beyond 2^53 lose their last digits, as in any reader of JSON. */
function countersValue(counters: TrafficCounters): DocumentValue {
  const { connections, incomingPackets, outgoingPackets, incomingBytes, outgoingBytes } = counters;
  const totals = { connections, incomingPackets, outgoingPackets, incomingBytes, outgoingBytes };
  return Object.fromEntries(Object.entries(totals).map(([name, count]) => [name, Number(count)]));
}

function realServerValue(realServer: ShownRealServer): DocumentValue {
  const { address, port, forwarding, weight, activeConnections, inactiveConnections, state, forSeconds } = realServer;
  return {
    address,
    port,
    forwarding,
    weight,
    activeConnections,
    inactiveConnections,
    pod: realServer.pod || undefined,
    node: realServer.node || undefined,
    zone: realServer.zone || undefined,
    state,
    forSeconds,
  };
}
