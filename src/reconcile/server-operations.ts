import type { IpvsOperation } from '../model/operation.ts';
import type { RealServer, RealServerKey } from '../model/real-server.ts';
import type { VirtualServer } from '../model/virtual-server.ts';
import type { PlannedVirtualServer } from '../plan/service-plan.ts';
import { sameRealServerSettings } from '../model/real-server.ts';
import { sameVirtualServerSettings } from '../model/virtual-server.ts';

/** A virtual server as last seen in the kernel, or as our own writes left it. */
export interface ObservedServers {
  readonly virtualServer: VirtualServer;
  readonly realServers: ReadonlyMap<RealServerKey, RealServer>;
}

/**
 * Operations that bring one virtual server from observed to desired, in kernel order: itself, new and changed real
 * servers, then those to quiesce. A real server that is no longer wanted gets weight 0 and stays: weight 0 and not
 * wanted is what draining means, and it is in the kernel. So does a virtual server that is no longer wanted, until its
 * last real server is gone. Pure.
 */
export function serverOperations(
  desired: PlannedVirtualServer | undefined,
  observed: ObservedServers | undefined,
): readonly IpvsOperation[] {
  if (desired === undefined) return observed === undefined ? [] : leavingOperations(observed);
  const { virtualServer, realServers } = desired; // a packed one makes them at every look
  return [
    ...virtualServerOperations(virtualServer, observed?.virtualServer),
    ...wantedRealServers(virtualServer, realServers, observed),
    ...quiescedRealServers(realServers, observed),
  ];
}

function leavingOperations(observed: ObservedServers): readonly IpvsOperation[] {
  const { virtualServer } = observed;
  if (observed.realServers.size === 0) return [{ kind: 'deleteVirtualServer', virtualServer }];
  return quiescedRealServers([], observed);
}

function virtualServerOperations(desired: VirtualServer, observed: VirtualServer | undefined): IpvsOperation[] {
  if (observed === undefined) return [{ kind: 'addVirtualServer', virtualServer: desired }];
  if (sameVirtualServerSettings(desired, observed)) return [];
  return [{ kind: 'setVirtualServer', virtualServer: desired }];
}

function wantedRealServers(
  virtualServer: VirtualServer,
  wanted: readonly RealServer[],
  observed: ObservedServers | undefined,
): IpvsOperation[] {
  const operations: IpvsOperation[] = [];
  for (const realServer of wanted) {
    const present = observed?.realServers.get(realServer.key);
    if (present === undefined) operations.push({ kind: 'addRealServer', virtualServer, realServer });
    else if (!sameRealServerSettings(realServer, present)) {
      operations.push({ kind: 'setRealServer', virtualServer, realServer });
    }
  }
  return operations;
}

function quiescedRealServers(wanted: readonly RealServer[], observed: ObservedServers | undefined): IpvsOperation[] {
  if (observed === undefined) return [];
  return unwantedOf(wanted, observed)
    .filter((realServer) => realServer.weight !== 0)
    .map((realServer) => {
      const quiesced = { ...realServer, weight: 0 };
      return { kind: 'setRealServer', virtualServer: observed.virtualServer, realServer: quiesced };
    });
}

/** Real servers in the kernel that are not wanted, draining or not yet. */
export function unwantedRealServers(
  desired: PlannedVirtualServer | undefined,
  observed: ObservedServers,
): readonly RealServer[] {
  return unwantedOf(desired?.realServers ?? [], observed);
}

function unwantedOf(wanted: readonly RealServer[], observed: ObservedServers): readonly RealServer[] {
  if (hasOnlyWanted(wanted, observed)) return [];
  const keys = new Set(wanted.map((realServer) => realServer.key));
  return [...observed.realServers.values()].filter((realServer) => !keys.has(realServer.key));
}

/** The usual case, found out without making anything. */
function hasOnlyWanted(wanted: readonly RealServer[], observed: ObservedServers): boolean {
  if (wanted.length < observed.realServers.size) return false;
  let present = 0;
  for (const { key } of wanted) if (observed.realServers.has(key)) present++;
  return present === observed.realServers.size;
}
