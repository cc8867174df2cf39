import type { AddressDriver, IpvsDriver, ObservedIpSet } from '../kernel/drivers.ts';
import type { Cidr, IpAddress, IpFamily } from '../model/ip.ts';
import type { VirtualServerKey } from '../model/virtual-server.ts';
import type { DeltaMap } from './delta-map.ts';
import type { ReconcileObserver } from './observer.ts';
import type { RulesKeeper } from './rules-keeper.ts';
import type { ServerTable } from './server-table.ts';
import type { SetKeeper } from './set-keeper.ts';
import { familyOf, isInCidr } from '../model/ip.ts';
import { readObserved } from './observed-state.ts';
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
  #foreign: ReadonlySet<VirtualServerKey> = new Set();

  constructor(parts: KernelMirrorParts) {
    this.#parts = parts;
  }

  /** Reads everything. Makes the dummy interface when it is missing. */
  async read(): Promise<void> {
    const { addresses, sets } = this.#parts;
    await this.#ensureInterface();
    const { observed } = await sets.observe();
    addresses.replaceObserved(await this.#listAddresses());
    await this.#readServers(observed);
  }

  /** Compares, and reports differences by kind. Virtual servers are read in full only when a scan shows differences. */
  async audit(): Promise<void> {
    const { drivers, servers, addresses, sets, observer } = this.#parts;
    if (await this.#ensureInterface()) observer.drifted('interface', 1);
    const { observed, changedSets, changedEntries } = await sets.observe();
    observer.drifted('ipSet', changedSets);
    observer.drifted('setEntry', changedEntries);
    observer.drifted('address', addresses.replaceObserved(await this.#listAddresses()));
    const audit = new ServerAudit(servers, this.#foreign);
    await drivers.ipvs.scan(audit);
    const { virtualServers, realServers } = audit.result();
    if (virtualServers + realServers > 0) await this.#readServers(observed);
    observer.drifted('virtualServer', virtualServers);
    observer.drifted('realServer', realServers);
  }

  /** Compares the rules, for which other programs are started. */
  async auditRules(): Promise<void> {
    this.#parts.observer.drifted('rules', await this.#parts.rules.audit());
  }

  async #ensureInterface(): Promise<boolean> {
    const wasMade = await this.#parts.drivers.address.ensureInterface();
    if (wasMade) this.#parts.observer.applied('interface', 1);
    return wasMade;
  }

  async #listAddresses(): Promise<[IpAddress, true][]> {
    const { drivers, addresses, families, excludeCidrs } = this.#parts;
    const bound = await drivers.address.list();
    const isOurs = (address: IpAddress) =>
      addresses.desired(address) !== undefined || !excludeCidrs.some((cidr) => isInCidr(address, cidr));
    return bound
      .filter((address) => families.includes(familyOf(address)) && isOurs(address))
      .map((address) => [address, true]);
  }

  async #readServers(sets: readonly ObservedIpSet[]): Promise<void> {
    const { drivers, servers, addresses, families, excludeCidrs } = this.#parts;
    const { ours, foreign } = await readObserved({
      drivers,
      // An address that somebody took away comes back, and what stands on it was ours all the time.
      boundAddresses: {
        has: (address) => addresses.observed(address) !== undefined || addresses.desired(address) !== undefined,
      },
      sets,
      families,
      excludeCidrs,
      isKnown: (key) => servers.desired(key) !== undefined || servers.observed(key) !== undefined,
    });
    servers.replaceObserved(ours);
    this.#foreign = foreign;
  }
}
