import type { IpvsOperation } from '../model/operation.ts';
import type { RealServer, RealServerKey } from '../model/real-server.ts';
import type { VirtualServer, VirtualServerKey } from '../model/virtual-server.ts';
import type { ObservedServers } from './server-operations.ts';
import { LeavingServers } from './leaving-servers.ts';
import { PackedVirtualServer } from './packed-servers.ts';
import { serverOperations, unwantedRealServers } from './server-operations.ts';

/** A virtual server as it was read from the kernel. */
export interface ListedServers {
  readonly virtualServer: VirtualServer;
  readonly realServers: readonly RealServer[];
}

interface MutableObservedServers {
  virtualServer: VirtualServer;
  readonly realServers: Map<RealServerKey, RealServer>;
}

/**
 * Virtual servers with their real servers, desired and observed; knows which ones have operations pending. What is
 * exactly as it was wanted to be is not kept twice: the planned virtual server stands for it.
 */
export class ServerTable {
  readonly #desired = new Map<VirtualServerKey, PackedVirtualServer>();
  readonly #observed = new Map<VirtualServerKey, MutableObservedServers | PackedVirtualServer>();
  readonly #pending = new Set<VirtualServerKey>();
  /** Digests of what was shown of real servers and agreed with what is observed. */
  readonly #agreed = new Map<VirtualServerKey, number>();
  /** Those that are observed and not desired. */
  readonly leaving = new LeavingServers();

  want(key: VirtualServerKey, planned: PackedVirtualServer | undefined): void {
    if (planned === undefined) this.#desired.delete(key);
    else this.#desired.set(key, planned);
    this.#pending.add(key);
    this.#noteLeaving(key);
  }

  desired(key: VirtualServerKey): PackedVirtualServer | undefined {
    return this.#desired.get(key);
  }

  observed(key: VirtualServerKey): ObservedServers | undefined {
    const present = this.#observed.get(key);
    return present instanceof PackedVirtualServer ? unfolded(present) : present;
  }

  /** The virtual server alone, which costs nothing. */
  observedVirtualServer(key: VirtualServerKey): VirtualServer | undefined {
    return this.#observed.get(key)?.virtualServer;
  }

  observedKeys(): Iterable<VirtualServerKey> {
    return this.#observed.keys();
  }

  isObserved(key: VirtualServerKey): boolean {
    return this.#observed.has(key);
  }

  get desiredCount(): number {
    return this.#desired.size;
  }

  /** Keys that may have operations to do, in the order in which they came up. */
  pendingKeys(): readonly VirtualServerKey[] {
    return [...this.#pending];
  }

  isPending(key: VirtualServerKey): boolean {
    return this.#pending.has(key);
  }

  get pendingCount(): number {
    return this.#pending.size;
  }

  /** Operations to do for the key; none settles it. */
  operations(key: VirtualServerKey): readonly IpvsOperation[] {
    const operations = serverOperations(this.#desired.get(key), this.#mutable(key));
    if (operations.length === 0) this.settle(key);
    return operations;
  }

  /** Nothing is left to do for the key: all its operations were applied. */
  settle(key: VirtualServerKey): void {
    this.#pending.delete(key);
    const desired = this.#desired.get(key);
    const observed = this.#observed.get(key);
    // Without draining real servers nothing differs either.
    if (desired !== undefined && observed !== undefined && realServerCount(observed) === desired.realServerCount) {
      this.#observed.set(key, desired);
    }
  }

  /** Replaces everything observed by a complete listing of what is ours. */
  replaceObserved(listing: readonly ListedServers[]): void {
    for (const key of this.#desired.keys()) this.#pending.add(key);
    const gone = new Set(this.#observed.keys());
    for (const listed of listing) {
      gone.delete(listed.virtualServer.key);
      this.observe(listed);
    }
    for (const key of gone) this.observeMissing(key);
  }

  /** What was shown of the real servers agrees with what is observed; so it does again as long as we know of no change. */
  noteAgreement(key: VirtualServerKey, digest: number): void {
    this.#agreed.set(key, digest);
  }

  agrees(key: VirtualServerKey, digest: number): boolean {
    return this.#agreed.get(key) === digest;
  }

  /** Notes what the kernel has. */
  observe({ virtualServer, realServers }: ListedServers): void {
    this.#agreed.delete(virtualServer.key);
    const byKey = new Map(realServers.map((realServer) => [realServer.key, realServer]));
    this.#observed.set(virtualServer.key, { virtualServer, realServers: byKey });
    this.#pending.add(virtualServer.key);
    this.#noteLeaving(virtualServer.key);
  }

  /** Notes that the kernel has no such virtual server. */
  observeMissing(key: VirtualServerKey): void {
    this.#agreed.delete(key);
    this.#observed.delete(key);
    this.#pending.add(key);
    this.#noteLeaving(key);
  }

  /** Notes that an operation was applied. */
  applied(operation: IpvsOperation): void {
    const { key } = operation.virtualServer;
    this.#agreed.delete(key);
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
        this.#mutable(key)?.realServers.set(operation.realServer.key, operation.realServer);
        return;
      case 'deleteRealServer':
        this.#mutable(key)?.realServers.delete(operation.realServer.key);
    }
  }

  /** Real servers of a virtual server that are draining: weight 0 and not wanted. */
  draining(key: VirtualServerKey): readonly RealServer[] {
    if (this.#observed.get(key) === this.#desired.get(key)) return [];
    const observed = this.observed(key);
    if (observed === undefined) return [];
    return unwantedRealServers(this.#desired.get(key), observed).filter((realServer) => realServer.weight === 0);
  }

  #observeVirtualServer(virtualServer: VirtualServer): void {
    const present = this.#mutable(virtualServer.key);
    if (present === undefined) this.#observed.set(virtualServer.key, { virtualServer, realServers: new Map() });
    else present.virtualServer = virtualServer;
    this.#noteLeaving(virtualServer.key);
  }

  #noteLeaving(key: VirtualServerKey): void {
    this.leaving.note(key, this.#desired.has(key) ? undefined : this.#observed.get(key)?.virtualServer.identity);
  }

  /** What was observed, in a form that can be changed. */
  #mutable(key: VirtualServerKey): MutableObservedServers | undefined {
    const present = this.#observed.get(key);
    if (!(present instanceof PackedVirtualServer)) return present;
    const mutable = unfolded(present);
    this.#observed.set(key, mutable);
    return mutable;
  }
}

function realServerCount(observed: MutableObservedServers | PackedVirtualServer): number {
  return observed instanceof PackedVirtualServer ? observed.realServerCount : observed.realServers.size;
}

function unfolded({ virtualServer, realServers }: PackedVirtualServer): MutableObservedServers {
  return { virtualServer, realServers: new Map(realServers.map((realServer) => [realServer.key, realServer])) };
}
