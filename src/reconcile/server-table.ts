import type { IpvsOperation } from '../model/operation.ts';
import type { RealServer, RealServerKey } from '../model/real-server.ts';
import type { VirtualServer, VirtualServerKey } from '../model/virtual-server.ts';
import type { PlannedVirtualServer } from '../plan/service-plan.ts';
import type { ObservedServers } from './server-operations.ts';
import { sameRealServerSettings } from '../model/real-server.ts';
import { LeavingServers } from './leaving-servers.ts';
import { serverOperations, unwantedRealServers } from './server-operations.ts';

interface MutableObservedServers {
  virtualServer: VirtualServer;
  realServers: Map<RealServerKey, RealServer>;
}

/** Virtual servers with their real servers, desired and observed; knows which ones have operations pending. */
export class ServerTable {
  readonly #desired = new Map<VirtualServerKey, PlannedVirtualServer>();
  readonly #observed = new Map<VirtualServerKey, MutableObservedServers>();
  readonly #pending = new Set<VirtualServerKey>();
  /** Those that are observed and not desired. */
  readonly leaving = new LeavingServers();

  want(key: VirtualServerKey, planned: PlannedVirtualServer | undefined): void {
    if (planned === undefined) this.#desired.delete(key);
    else this.#desired.set(key, planned);
    this.#pending.add(key);
    this.#noteLeaving(key);
  }

  desired(key: VirtualServerKey): PlannedVirtualServer | undefined {
    return this.#desired.get(key);
  }

  observed(key: VirtualServerKey): ObservedServers | undefined {
    return this.#observed.get(key);
  }

  get observedCount(): number {
    return this.#observed.size;
  }

  get desiredCount(): number {
    return this.#desired.size;
  }

  /** Keys that may have operations to do, in the order in which they came up. */
  pendingKeys(): readonly VirtualServerKey[] {
    return [...this.#pending];
  }

  get pendingCount(): number {
    return this.#pending.size;
  }

  /** Operations to do for the key; none settles it. */
  operations(key: VirtualServerKey): readonly IpvsOperation[] {
    const operations = serverOperations(this.#desired.get(key), this.#observed.get(key));
    if (operations.length === 0) this.#pending.delete(key);
    return operations;
  }

  /** Replaces everything observed by a complete listing of what is ours. */
  replaceObserved(
    listing: readonly { readonly virtualServer: VirtualServer; readonly realServers: readonly RealServer[] }[],
  ): void {
    const previous = [...this.#observed.keys()];
    for (const key of previous) this.#pending.add(key);
    for (const key of this.#desired.keys()) this.#pending.add(key);
    this.#observed.clear();
    for (const key of previous) this.#noteLeaving(key);
    for (const { virtualServer, realServers } of listing) {
      this.#observed.set(virtualServer.key, {
        virtualServer,
        realServers: this.#adopt(virtualServer.key, realServers),
      });
      this.#pending.add(virtualServer.key);
      this.#noteLeaving(virtualServer.key);
    }
  }

  /** Notes that an operation was applied. */
  applied(operation: IpvsOperation): void {
    const { key } = operation.virtualServer;
    switch (operation.kind) {
      case 'addVirtualServer':
      case 'setVirtualServer':
        this.#observeVirtualServer(operation.virtualServer);
        return;
      case 'deleteVirtualServer':
        this.#observed.delete(key);
        this.#noteLeaving(key);
        return;
      case 'addRealServer':
      case 'setRealServer':
        this.#observed.get(key)?.realServers.set(operation.realServer.key, operation.realServer);
        return;
      case 'deleteRealServer':
        this.#observed.get(key)?.realServers.delete(operation.realServer.key);
    }
  }

  /** Real servers of a virtual server that are draining: weight 0 and not wanted. */
  draining(key: VirtualServerKey): readonly RealServer[] {
    const observed = this.#observed.get(key);
    if (observed === undefined) return [];
    return unwantedRealServers(this.#desired.get(key), observed).filter((realServer) => realServer.weight === 0);
  }

  #observeVirtualServer(virtualServer: VirtualServer): void {
    const present = this.#observed.get(virtualServer.key);
    if (present === undefined) this.#observed.set(virtualServer.key, { virtualServer, realServers: new Map() });
    else present.virtualServer = virtualServer;
    this.#noteLeaving(virtualServer.key);
  }

  #noteLeaving(key: VirtualServerKey): void {
    this.leaving.note(key, this.#desired.has(key) ? undefined : this.#observed.get(key)?.virtualServer.identity);
  }

  /** Shares the desired objects where the kernel agrees with them, so that each is in memory once. */
  #adopt(key: VirtualServerKey, listed: readonly RealServer[]): Map<RealServerKey, RealServer> {
    const adopted = new Map(listed.map((realServer) => [realServer.key, realServer]));
    for (const wanted of this.#desired.get(key)?.realServers ?? []) {
      const present = adopted.get(wanted.key);
      if (present !== undefined && sameRealServerSettings(wanted, present)) adopted.set(wanted.key, wanted);
    }
    return adopted;
  }
}
