import type { IpAddress, IpFamily } from '../model/ip.ts';
import type { IpSetEntry, IpSetName } from '../model/ip-set.ts';
import type { ServiceKey } from '../model/service-key.ts';
import type { VirtualServerKey } from '../model/virtual-server.ts';
import type { OutputFilterException, PlannedVirtualServer, ServicePlan } from '../plan/service-plan.ts';
import type { SetRole } from '../plan/ip-sets.ts';
import { familyOf } from '../model/ip.ts';
import { ipSetFor } from '../plan/ip-sets.ts';
import { type Claimant, Claims } from './claims.ts';

/** An entry in its set. */
export interface SetMember {
  readonly set: IpSetName;
  readonly entry: IpSetEntry;
}

/** Told what became wanted or unwanted when a plan was swapped in. `undefined` means nobody wants it any more. */
export interface DesiredStateListener {
  virtualServer(key: VirtualServerKey, planned: PlannedVirtualServer | undefined): void;
  boundAddress(address: IpAddress, wanted: boolean): void;
  setMember(key: string, member: SetMember | undefined): void;
}

/** Key of an entry in its set. */
export function setMemberKey(set: string, entry: IpSetEntry): string {
  return `${set} ${entry.text}`;
}

/** The plans of all Services, and what follows from them together: shared things counted, claims settled. */
export class DesiredState {
  readonly #plans = new Map<ServiceKey, ServicePlan>();
  readonly #virtualServers = new Claims<VirtualServerKey, PlannedVirtualServer>();
  readonly #addresses = new Claims<IpAddress, true>();
  readonly #members = new Claims<string, SetMember>();
  readonly #roleCounts = new Map<string, number>();
  readonly #outputFilters = new Map<ServiceKey, readonly OutputFilterException[]>();
  readonly #listener: DesiredStateListener;
  #rulesVersion = 0;

  constructor(listener: DesiredStateListener) {
    this.#listener = listener;
  }

  plan(key: ServiceKey): ServicePlan | undefined {
    return this.#plans.get(key);
  }

  plans(): Iterable<ServicePlan> {
    return this.#plans.values();
  }

  /** Which Service holds a virtual server. */
  holderOf(key: VirtualServerKey): ServiceKey | undefined {
    return this.#virtualServers.holder(key);
  }

  /** Replaces the plan of a Service; undefined when the Service is gone. Costs what the two plans cost. */
  swap(key: ServiceKey, plan: ServicePlan | undefined): void {
    const previous = this.#plans.get(key);
    if (plan === undefined) this.#plans.delete(key);
    else this.#plans.set(key, plan);
    // Claims outlive the plan that made them, so they must not hold it.
    const owner = { key, creationTimeMs: plan?.creationTimeMs ?? 0 };
    this.#swapVirtualServers(owner, previous, plan);
    this.#swapAddresses(owner, previous, plan);
    this.#swapMembers(owner, previous, plan);
    this.#swapOutputFilters(key, plan?.outputFilters ?? []);
  }

  /** Another number whenever `filledRoles` or `outputFilters` of any family has changed. */
  get rulesVersion(): number {
    return this.#rulesVersion;
  }

  /** Roles whose set of the family holds at least one entry. */
  filledRoles(family: IpFamily): ReadonlySet<SetRole> {
    const roles = new Set<SetRole>();
    for (const [name, count] of this.#roleCounts) {
      const [role, ofFamily] = name.split(' ') as [SetRole, IpFamily];
      if (count > 0 && ofFamily === family) roles.add(role);
    }
    return roles;
  }

  outputFilters(family: IpFamily): readonly OutputFilterException[] {
    return [...this.#outputFilters.values()].flat().filter(({ address }) => familyOf(address) === family);
  }

  #swapVirtualServers(owner: Claimant, previous: ServicePlan | undefined, plan: ServicePlan | undefined): void {
    const stale = new Set(previous?.virtualServers.map((planned) => planned.virtualServer.key));
    const fresh = new Map<VirtualServerKey, PlannedVirtualServer>();
    for (const planned of plan?.virtualServers ?? []) {
      if (!fresh.has(planned.virtualServer.key)) fresh.set(planned.virtualServer.key, planned);
    }
    for (const [key, planned] of fresh) {
      stale.delete(key);
      this.#virtualServers.claim(key, owner, planned);
      this.#listener.virtualServer(key, this.#virtualServers.winner(key));
    }
    for (const key of stale) {
      this.#virtualServers.release(key, owner.key);
      this.#listener.virtualServer(key, this.#virtualServers.winner(key));
    }
  }

  #swapAddresses(owner: Claimant, previous: ServicePlan | undefined, plan: ServicePlan | undefined): void {
    const stale = new Set(previous?.boundAddresses);
    for (const address of plan?.boundAddresses ?? []) {
      if (stale.delete(address)) continue;
      this.#addresses.claim(address, owner, true);
      this.#listener.boundAddress(address, true);
    }
    for (const address of stale) {
      this.#addresses.release(address, owner.key);
      if (this.#addresses.winner(address) === undefined) this.#listener.boundAddress(address, false);
    }
  }

  #swapMembers(owner: Claimant, previous: ServicePlan | undefined, plan: ServicePlan | undefined): void {
    const stale = new Map<string, string>();
    for (const { role, family, entry } of previous?.setEntries ?? []) {
      stale.set(setMemberKey(ipSetFor(role, family).name, entry), `${role} ${family}`);
    }
    for (const { role, family, entry } of plan?.setEntries ?? []) {
      const set = ipSetFor(role, family).name;
      const key = setMemberKey(set, entry);
      if (stale.delete(key)) continue;
      this.#members.claim(key, owner, { set, entry });
      this.#count(`${role} ${family}`, 1);
      this.#listener.setMember(key, { set, entry });
    }
    for (const [key, roleName] of stale) {
      this.#members.release(key, owner.key);
      this.#count(roleName, -1);
      if (this.#members.winner(key) === undefined) this.#listener.setMember(key, undefined);
    }
  }

  #swapOutputFilters(owner: ServiceKey, exceptions: readonly OutputFilterException[]): void {
    if (exceptions.length === 0 && !this.#outputFilters.has(owner)) return;
    if (exceptions.length > 0) this.#outputFilters.set(owner, exceptions);
    else this.#outputFilters.delete(owner);
    this.#rulesVersion++;
  }

  #count(roleName: string, change: number): void {
    const before = this.#roleCounts.get(roleName) ?? 0;
    this.#roleCounts.set(roleName, before + change);
    if (before === 0 || before + change === 0) this.#rulesVersion++;
  }
}
