import type { IpAddress, IpFamily } from '../model/ip.ts';
import type { IpSetEntry, IpSetName } from '../model/ip-set.ts';
import type { ServiceKey } from '../model/service-key.ts';
import type { VirtualServerKey } from '../model/virtual-server.ts';
import type { OutputFilterException, PlannedSetEntry, ServicePlan } from '../plan/service-plan.ts';
import type { SetRole } from '../plan/ip-sets.ts';
import { joinText } from '../model/flat-text.ts';
import { familyOf } from '../model/ip.ts';
import { ipSetFor } from '../plan/ip-sets.ts';
import { type Claimant, Claims } from './claims.ts';
import { LostServers, type Shaping } from './lost-servers.ts';
import { type PackedPlan, type PackedVirtualServer, packPlan } from './packed-servers.ts';
import { SharedKeys } from './shared-keys.ts';

/** An entry in its set. */
export interface SetMember {
  readonly set: IpSetName;
  readonly entry: IpSetEntry;
}

/** Told what became wanted or unwanted when a plan was swapped in. `undefined` means nobody wants it any more. */
export interface DesiredStateListener {
  virtualServer(key: VirtualServerKey, planned: PackedVirtualServer | undefined): void;
  boundAddress(address: IpAddress, wanted: boolean): void;
  setMember(key: string, member: SetMember | undefined): void;
  /** A Service has lost a virtual server to an older one that came after it. */
  displaced?(key: VirtualServerKey, holder: ServiceKey, loser: ServiceKey): void;
}

/** Key of an entry in its set. */
export function setMemberKey(set: string, entry: IpSetEntry): string {
  return joinText(set, ' ', entry.text);
}

/** A Service that won or lost a virtual server because the plan of another one changed. */
interface Handover {
  readonly key: VirtualServerKey;
  readonly service: ServiceKey;
  readonly isLost: boolean;
}

/** The plans of all Services, and what follows from them together: shared things counted, claims settled. */
export class DesiredState {
  readonly #plans = new Map<ServiceKey, PackedPlan>();
  readonly #virtualServers = new Claims<VirtualServerKey, PackedVirtualServer>();
  readonly #addresses = new SharedKeys<IpAddress>();
  readonly #members = new SharedKeys<string>();
  readonly #roleCounts = new Map<string, number>();
  readonly #outputFilters = new Map<ServiceKey, readonly OutputFilterException[]>();
  readonly #lost = new LostServers();
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
  swap(key: ServiceKey, next: ServicePlan | undefined): void {
    const plan = next && packPlan(next);
    const previous = this.#plans.get(key);
    const shaped = this.#lost.shaping(previous);
    if (plan === undefined) this.#plans.delete(key);
    else this.#plans.set(key, plan);
    // Claims outlive the plan that made them, so they must not hold it.
    const owner = { key, creationTimeMs: plan?.creationTimeMs ?? 0 };
    const handovers = this.#swapVirtualServers(owner, previous, plan);
    this.#swapAddresses(previous, plan);
    // Those who win come first and those who lose last, so that nothing both want is gone for a moment.
    for (const handover of handovers) if (!handover.isLost) this.#settleHandover(handover);
    this.#swapShaping(key, shaped, this.#lost.shaping(plan));
    for (const handover of handovers) {
      if (!handover.isLost) continue;
      this.#settleHandover(handover);
      this.#listener.displaced?.(handover.key, key, handover.service);
    }
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

  /** Returns which other Services won or lost virtual servers by it. */
  #swapVirtualServers(
    owner: Claimant,
    previous: PackedPlan | undefined,
    plan: PackedPlan | undefined,
  ): readonly Handover[] {
    const stale = new Set(previous?.virtualServers.map((planned) => planned.virtualServer.key));
    const fresh = new Map<VirtualServerKey, PackedVirtualServer>();
    for (const planned of plan?.virtualServers ?? []) {
      if (!fresh.has(planned.virtualServer.key)) fresh.set(planned.virtualServer.key, planned);
    }
    const handovers: Handover[] = [];
    for (const [key, planned] of fresh) {
      stale.delete(key);
      this.#changeClaim(key, owner.key, handovers, () => this.#virtualServers.claim(key, owner, planned));
      this.#lost.note(owner.key, key, this.holderOf(key) !== owner.key);
    }
    for (const key of stale) {
      this.#changeClaim(key, owner.key, handovers, () => this.#virtualServers.release(key, owner.key));
      this.#lost.note(owner.key, key, false);
    }
    return handovers;
  }

  /** Changes the claim of the owner, tells of the outcome, and notes when another Service wins or loses by it. */
  #changeClaim(key: VirtualServerKey, owner: ServiceKey, handovers: Handover[], change: () => void): void {
    const before = this.holderOf(key);
    change();
    const after = this.holderOf(key);
    this.#listener.virtualServer(key, this.#virtualServers.winner(key));
    if (before === after) return;
    if (before !== undefined && before !== owner) handovers.push({ key, service: before, isLost: true });
    if (after !== undefined && after !== owner) handovers.push({ key, service: after, isLost: false });
  }

  /** What another Service says about traffic counts as long as it holds the virtual server. */
  #settleHandover({ key, service, isLost }: Handover): void {
    const plan = this.#plans.get(service);
    if (plan === undefined) return;
    const before = this.#lost.shaping(plan);
    this.#lost.note(service, key, isLost);
    this.#swapShaping(service, before, this.#lost.shaping(plan));
  }

  #swapAddresses(previous: ServicePlan | undefined, plan: ServicePlan | undefined): void {
    const stale = new Set(previous?.boundAddresses);
    for (const address of plan?.boundAddresses ?? []) {
      if (!stale.delete(address) && this.#addresses.add(address)) this.#listener.boundAddress(address, true);
    }
    for (const address of stale) {
      if (this.#addresses.remove(address)) this.#listener.boundAddress(address, false);
    }
  }

  #swapShaping(owner: ServiceKey, previous: Shaping, next: Shaping): void {
    this.#swapMembers(previous.setEntries, next.setEntries);
    this.#swapOutputFilters(owner, next.outputFilters);
  }

  #swapMembers(previous: readonly PlannedSetEntry[], next: readonly PlannedSetEntry[]): void {
    const stale = new Map<string, string>();
    for (const { role, family, entry } of previous) {
      stale.set(setMemberKey(ipSetFor(role, family).name, entry), `${role} ${family}`);
    }
    for (const { role, family, entry } of next) {
      const set = ipSetFor(role, family).name;
      const key = setMemberKey(set, entry);
      if (stale.delete(key)) continue;
      this.#count(`${role} ${family}`, 1);
      if (this.#members.add(key)) this.#listener.setMember(key, { set, entry });
    }
    for (const [key, roleName] of stale) {
      this.#count(roleName, -1);
      if (this.#members.remove(key)) this.#listener.setMember(key, undefined);
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
