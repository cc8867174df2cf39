import type { ClusterTables } from '../cluster/tables.ts';
import type { ProxyConfig } from '../config/config.ts';
import type { AddressDriver, ConntrackDriver, IpSetDriver, IpvsDriver, RulesDriver } from '../kernel/drivers.ts';
import type { Clock } from '../model/clock.ts';
import type { IpAddress, IpFamily } from '../model/ip.ts';
import type { AddressOperation } from '../model/operation.ts';
import type { RuleSet } from '../model/rule-set.ts';
import type { ServiceKey } from '../model/service-key.ts';
import type { VirtualServerKey } from '../model/virtual-server.ts';
import type { NodeFacts } from '../plan/node-facts.ts';
import type { ServicePlan } from '../plan/service-plan.ts';
import type { Attempts } from './attempts.ts';
import type { ReconcileObserver } from './observer.ts';
import type { RuleInputs } from './rules-keeper.ts';
import { serviceKey } from '../model/service-key.ts';
import { allIpSets } from '../plan/ip-sets.ts';
import { planService } from '../plan/plan-service.ts';
import { DeltaApplier } from './delta-applier.ts';
import { DeltaMap } from './delta-map.ts';
import { DesiredState } from './desired-state.ts';
import { FlowCleaner } from './flow-cleaner.ts';
import { readObserved } from './observed-state.ts';
import { Retirer } from './retirer.ts';
import { RulesKeeper } from './rules-keeper.ts';
import { ServerApplier } from './server-applier.ts';
import { ServerTable } from './server-table.ts';
import { SetKeeper } from './set-keeper.ts';

/** All drivers together. */
export interface Drivers {
  readonly ipvs: IpvsDriver;
  readonly address: AddressDriver;
  readonly ipset: IpSetDriver;
  readonly rules: RulesDriver;
  readonly conntrack: ConntrackDriver;
}

export interface ReconcilerOptions {
  readonly tables: ClusterTables;
  readonly drivers: Drivers;
  readonly config: Pick<ProxyConfig, 'ipvs' | 'proxier' | 'featureGates'>;
  readonly families: readonly IpFamily[];
  /** Called only when all sets exist. */
  readonly planRules: (inputs: RuleInputs) => Promise<RuleSet>;
  readonly clock: Clock;
  readonly observer: ReconcileObserver;
  /** Lets the event loop do something else; called between slices of long work. */
  readonly breathe: () => Promise<void>;
}

/** Services planned before the event loop may do something else. */
const planSlice = 200;

/** Served before all others on a cold start. */
const firstServices: ReadonlySet<ServiceKey> = new Set([
  serviceKey('default', 'kubernetes'),
  serviceKey('kube-system', 'kube-dns'),
]);

/** Brings the kernel from observed to desired: plans what changed, applies the difference, in the one right order. */
export class Reconciler {
  readonly desired: DesiredState;
  readonly servers = new ServerTable();
  readonly #options: ReconcilerOptions;
  readonly #addresses = new DeltaMap<IpAddress, true>(() => true);
  readonly #addressApplier: DeltaApplier<IpAddress, true, AddressOperation>;
  readonly #sets: SetKeeper;
  readonly #rules: RulesKeeper;
  readonly #serverApplier: ServerApplier;
  readonly #retirer: Retirer;
  readonly #flows: FlowCleaner;
  readonly #touched = new Set<VirtualServerKey>();
  #observedKnown = false;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
    const { drivers, clock, observer, families, planRules, config } = options;
    const table = this.servers;
    this.#sets = new SetKeeper({
      sets: families.flatMap(allIpSets),
      driver: drivers.ipset,
      isNeeded: (member) => table.leaving.needsMember(member),
      clock,
      observer,
    });
    this.#rules = new RulesKeeper({ driver: drivers.rules, planRules, clock, observer });
    this.#flows = new FlowCleaner({ table, driver: drivers.conntrack, clock, observer });
    this.#serverApplier = new ServerApplier({
      table,
      driver: drivers.ipvs,
      clock,
      observer,
      onApplied: (operation) => {
        this.#flows.note(operation);
        this.#touched.add(operation.virtualServer.key);
      },
    });
    this.#retirer = new Retirer({ table, driver: drivers.ipvs, limits: config.proxier, clock });
    this.#addressApplier = new DeltaApplier({
      kind: 'address',
      map: this.#addresses,
      apply: (operations) => drivers.address.apply(operations),
      operation: ({ key, desired }) => {
        if (desired) return { kind: 'bindAddress', address: key };
        return table.leaving.needsAddress(key) ? undefined : { kind: 'unbindAddress', address: key };
      },
      clock,
      observer,
    });
    this.desired = new DesiredState({
      virtualServer: (key, planned) => {
        table.want(key, planned);
        this.#touched.add(key);
      },
      boundAddress: (address, wanted) => this.#addresses.want(address, wanted ? true : undefined),
      setMember: (key, member) => this.#sets.want(key, member),
    });
  }

  /** Plans these Services again and swaps their plans in. Cost: that of these Services. */
  async plan(keys: Iterable<ServiceKey>, node: NodeFacts): Promise<void> {
    const { tables, config, breathe } = this.#options;
    let planned = 0;
    for (const key of keys) {
      const service = tables.service(key);
      const plan = service && planService({ service, slices: tables.slicesOf(key) }, node, config);
      this.desired.swap(key, plan);
      if (plan !== undefined) this.#reportConflicts(plan);
      if (++planned % planSlice === 0) await breathe();
    }
  }

  /** Reads the kernel again; what somebody else changed becomes pending. To be called before new plans are made. */
  async audit(): Promise<void> {
    if (!this.#observedKnown) return;
    this.#observedKnown = false;
    await this.#observe();
    const { observer } = this.#options;
    const changed = this.servers.pendingKeys().filter((key) => this.servers.operations(key).length > 0);
    observer.drifted('virtualServer', changed.length);
    observer.drifted('address', this.#addresses.pendingCount);
    observer.drifted('setEntry', this.#sets.pendingCount);
  }

  /** Applies what is pending and due. Throws when the kernel's state could not be read; nothing is lost then. */
  async apply(): Promise<void> {
    try {
      if (!this.#observedKnown) await this.#observe();
      await this.#applyInOrder();
    } catch (error) {
      this.#observedKnown = false;
      throw error;
    }
  }

  /** When there is something to do without any event, in monotonic milliseconds; undefined when there is nothing. */
  nextDueMs(): number | undefined {
    const due = [...this.#attempts().map((attempts) => attempts.nextDueMs()), this.#retirer.nextDueMs()];
    const known = due.filter((time): time is number => time !== undefined);
    return known.length === 0 ? undefined : Math.min(...known);
  }

  /** Objects that are not as they should be, because their operation failed. */
  get failedCount(): number {
    return this.#attempts().reduce((sum, attempts) => sum + attempts.failedCount, 0);
  }

  /** Virtual servers with real servers that drain. */
  get drainingCount(): number {
    return this.#retirer.size;
  }

  async #observe(): Promise<void> {
    const { drivers, observer, config, families } = this.#options;
    if (await drivers.address.ensureInterface()) observer.applied('address', 0);
    const sets = await this.#sets.observe();
    const observed = await readObserved({
      drivers,
      sets,
      families,
      excludeCidrs: config.ipvs.excludeCidrs,
      isWanted: (key) => this.servers.desired(key) !== undefined,
    });
    this.#addresses.replaceObserved(observed.addresses.map((address) => [address, true]));
    this.servers.replaceObserved(observed.virtualServers);
    for (const key of this.servers.pendingKeys()) this.#touched.add(key);
    for (const family of families) observer.drifted('rules', await this.#rules.audit(this.#ruleInputs(family)));
    this.#observedKnown = true;
  }

  /** The order in which the kernel changes; removals go last. */
  async #applyInOrder(): Promise<void> {
    await this.#sets.applyAdditions();
    if (this.#sets.allReady) {
      for (const family of this.#options.families) await this.#rules.apply(this.#ruleInputs(family));
    }
    await this.#addressApplier.applyAdditions();
    await this.#serverApplier.applyWanted((key) => firstServices.has(this.desired.holderOf(key) as ServiceKey));
    await this.#serverApplier.applyUnwanted();
    await this.#retire();
    await this.#addressApplier.applyRemovals();
    await this.#sets.applyRemovals();
    await this.#flows.clean();
  }

  async #retire(): Promise<void> {
    this.#retirer.follow(this.#touched);
    this.#touched.clear();
    const removals = await this.#retirer.removals();
    await this.#serverApplier.applyExtra(removals);
    this.#retirer.follow(this.#touched);
    this.#touched.clear();
  }

  #ruleInputs(family: IpFamily): RuleInputs {
    return { family, filledRoles: this.desired.filledRoles(family), outputFilters: this.desired.outputFilters(family) };
  }

  #reportConflicts(plan: ServicePlan): void {
    for (const { virtualServer } of plan.virtualServers) {
      const holder = this.desired.holderOf(virtualServer.key);
      if (holder !== undefined && holder !== plan.key) {
        this.#options.observer.conflict(virtualServer.key, holder, plan.key);
      }
    }
  }

  #attempts(): readonly Attempts<string>[] {
    const attempts: readonly unknown[] = [
      ...this.#sets.attempts,
      this.#rules.attempts,
      this.#addressApplier.attempts,
      this.#serverApplier.attempts,
      this.#flows.attempts,
    ];
    return attempts as readonly Attempts<string>[];
  }
}
