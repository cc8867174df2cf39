import type { AddressDriver, IpvsDriver, ObservedIpSet } from '../kernel/drivers.ts';
import type { Cidr, IpAddress, IpFamily } from '../model/ip.ts';
import type { VirtualServer, VirtualServerKey } from '../model/virtual-server.ts';
import type { DeltaMap } from './delta-map.ts';
import type { ReconcileObserver } from './observer.ts';
import type { RulesKeeper } from './rules-keeper.ts';
import type { ListedServers, ServerTable } from './server-table.ts';
import type { SetKeeper } from './set-keeper.ts';
import { familyOf, isInCidr } from '../model/ip.ts';
import { type ObservedServersByOwner, readObserved } from './observed-state.ts';
import { ServerAudit } from './server-audit.ts';

export interface KernelMirrorParts {
  readonly drivers: { readonly ipvs: IpvsDriver; readonly address: AddressDriver };
  readonly servers: ServerTable;
  readonly addresses: DeltaMap<IpAddress, true>;
  readonly sets: SetKeeper;
  readonly rules: RulesKeeper;
  readonly families: readonly IpFamily[];
  readonly excludeCidrs: readonly Cidr[];
  readonly observer: ReconcileObserver;
}

/**
 * What we know of the kernel: read in full once, kept by what we write, and compared with the kernel from time to time
 * at a fraction of that cost. Whatever somebody else changed becomes pending.
 */
export class KernelMirror {
  readonly #parts: KernelMirrorParts;
  #foreign: Set<VirtualServerKey> = new Set();
  /** The comparison of virtual servers that is under way. */
  #audit: ServerAudit | undefined;

  constructor(parts: KernelMirrorParts) {
    this.#parts = parts;
  }

  /** Reads everything. Makes the dummy interface when it is missing. */
  async read(): Promise<void> {
    const { drivers, servers, addresses, sets } = this.#parts;
    await this.#ensureInterface();
    const { observed } = await sets.observe();
    addresses.replaceObserved(await this.#listAddresses());
    const { ours, foreign } = await this.#ownersOf(() => drivers.ipvs.list(), observed);
    servers.replaceObserved(ours);
    this.#foreign = new Set(foreign);
  }

  /** Compares the interface and its addresses, and reports differences by kind, as the other audits do. */
  async auditAddresses(): Promise<void> {
    const { addresses, observer } = this.#parts;
    if (await this.#ensureInterface()) observer.drifted('interface', 1);
    observer.drifted('address', addresses.replaceObserved(await this.#listAddresses()));
  }

  /** Compares the sets; returns what was read. */
  async auditSets(): Promise<readonly ObservedIpSet[]> {
    const { sets, observer } = this.#parts;
    const { observed, changedSets, changedEntries } = await sets.observe();
    observer.drifted('ipSet', changedSets);
    observer.drifted('setEntry', changedEntries);
    return observed;
  }

  /** We have written to this virtual server. */
  written(key: VirtualServerKey): void {
    this.#audit?.written(key);
  }

  /** Compares the rules, for which other programs are started. */
  async auditRules(pause: () => Promise<void>): Promise<void> {
    const { rules, families, observer } = this.#parts;
    for (const family of families) {
      observer.drifted('rules', await rules.audit(family));
      await pause();
    }
  }

  /**
   * Compares virtual servers; only what differs is read in full, and the sets with it, which say whose a new one is.
   * Between its steps it waits for `pause`, which may write: `written` has to be told of it.
   */
  async auditServers(pause: () => Promise<void>): Promise<void> {
    const { drivers, servers, observer } = this.#parts;
    const audit = new ServerAudit(servers, this.#foreign, pause);
    this.#audit = audit;
    try {
      await drivers.ipvs.scan(audit);
    } finally {
      this.#audit = undefined;
    }
    const { counts, changed, missing } = audit.result();
    if (changed.length > 0) await this.#readAgain(changed, await this.auditSets());
    for (const key of missing) servers.observeMissing(key);
    observer.drifted('virtualServer', counts.virtualServers);
    observer.drifted('realServer', counts.realServers);
  }

  async #ensureInterface(): Promise<boolean> {
    const wasMade = await this.#parts.drivers.address.ensureInterface();
    if (wasMade) this.#parts.observer.applied('interface', 1);
    return wasMade;
  }

  async #listAddresses(): Promise<Iterable<[IpAddress, true]>> {
    const { drivers, addresses, families, excludeCidrs } = this.#parts;
    const bound = await drivers.address.list();
    const isOurs = (address: IpAddress) =>
      families.includes(familyOf(address)) &&
      (addresses.desired(address) !== undefined || !excludeCidrs.some((cidr) => isInCidr(address, cidr)));
    return (function* () {
      for (const address of bound) if (isOurs(address)) yield [address, true];
    })();
  }

  async #readAgain(virtualServers: readonly VirtualServer[], sets: readonly ObservedIpSet[]): Promise<void> {
    const { drivers, servers } = this.#parts;
    const list = async () => {
      const realServers = await drivers.ipvs.listRealServers(virtualServers);
      return virtualServers.map((virtualServer, index) => ({ virtualServer, realServers: realServers[index] ?? [] }));
    };
    const { ours, foreign } = await this.#ownersOf(list, sets);
    for (const listed of ours) servers.observe(listed);
    for (const key of foreign) this.#foreign.add(key);
  }

  async #ownersOf(
    list: () => Promise<readonly ListedServers[]>,
    sets: readonly ObservedIpSet[],
  ): Promise<ObservedServersByOwner> {
    const { drivers, servers, addresses, families, excludeCidrs } = this.#parts;
    return await readObserved({
      drivers: { ipvs: { list }, address: drivers.address },
      // An address that somebody took away comes back, and what stands on it was ours all the time.
      boundAddresses: {
        has: (address) => addresses.observed(address) !== undefined || addresses.desired(address) !== undefined,
      },
      sets,
      families,
      excludeCidrs,
      isKnown: (key) => servers.desired(key) !== undefined || servers.isObserved(key),
    });
  }
}
