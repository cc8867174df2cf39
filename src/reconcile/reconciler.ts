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
import type { ObjectKind, ReconcileObserver } from './observer.ts';
import type { RuleInputs } from './rules-keeper.ts';
import type { SysctlKeeper } from './sysctl-keeper.ts';
import { allIpSets, ipSetFor, setRoles } from '../plan/ip-sets.ts';
import { planService } from '../plan/plan-service.ts';
import { type AuditPart, AuditSchedule } from './audit-schedule.ts';
import { DeltaApplier } from './delta-applier.ts';
import { DeltaMap } from './delta-map.ts';
import { DesiredState } from './desired-state.ts';
import { FlowCleaner, type FlowCleanerOptions } from './flow-cleaner.ts';
import { KernelMirror } from './kernel-mirror.ts';
import { type DrainingServers, Retirer } from './retirer.ts';
import { RulesKeeper } from './rules-keeper.ts';
import { isServedFirst } from './served-first.ts';
import { ServerApplier } from './server-applier.ts';
import { ServerTable } from './server-table.ts';
import { type SetFill, SetKeeper } from './set-keeper.ts';

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
  readonly planRules: (inputs: RuleInputs) => Promise<RuleSet>;
  /** Kernel settings that every audit puts right; absent where others keep them. */
  readonly sysctls?: SysctlKeeper;
  readonly clock: Clock;
  readonly observer: ReconcileObserver;
  /** Told of every search for stale flows that worked. */
  readonly onFlowsCleaned?: FlowCleanerOptions['onCleaned'];
  /** Lets the event loop do something else; called between slices of long work. */
  readonly breathe: () => Promise<void>;
}

/** Services planned before the event loop may do something else. */
const planSlice = 200;

const noSets: ReadonlySet<string> = new Set();

/** Brings the kernel from observed to desired: plans what changed, applies the difference, in the one right order. */
export class Reconciler {
  readonly desired: DesiredState;
  readonly servers = new ServerTable();
  /** Works beside the rounds. */
  readonly flows: FlowCleaner;
  readonly #options: ReconcilerOptions;
  readonly #addresses = new DeltaMap<IpAddress, true>(() => true);
  readonly #addressApplier: DeltaApplier<IpAddress, true, AddressOperation>;
  readonly #sets: SetKeeper;
  readonly #rules: RulesKeeper;
  readonly #serverApplier: ServerApplier;
  readonly #retirer: Retirer;
  readonly #mirror: KernelMirror;
  readonly #touched = new Set<VirtualServerKey>();
  #observedKnown = false;
  readonly #audits: AuditSchedule;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
    const { drivers, clock, observer, families, planRules, config } = options;
    const table = this.servers;
    this.#audits = new AuditSchedule(() => config.proxier.auditPeriodMs);
    this.#sets = new SetKeeper({
      sets: families.flatMap(allIpSets),
      driver: drivers.ipset,
      isNeeded: (member) => table.leaving.needsMember(member),
      clock,
      observer,
    });
    this.#rules = new RulesKeeper({ driver: drivers.rules, planRules, clock, observer });
    this.flows = new FlowCleaner({
      table,
      driver: drivers.conntrack,
      clock,
      observer,
      onCleaned: options.onFlowsCleaned,
      breathe: options.breathe,
    });
    this.#serverApplier = new ServerApplier({
      table,
      driver: drivers.ipvs,
      clock,
      observer,
      mayBeAdded: (key) => this.#hasItsAddress(key),
      onApplied: (operation) => {
        this.flows.note(operation);
        this.#touched.add(operation.virtualServer.key);
        this.#mirror.written(operation.virtualServer.key);
      },
      breathe: options.breathe,
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
    this.#mirror = new KernelMirror({
      drivers,
      servers: table,
      addresses: this.#addresses,
      sets: this.#sets,
      rules: this.#rules,
      families,
      excludeCidrs: config.ipvs.excludeCidrs,
      observer,
    });
    this.desired = new DesiredState({
      virtualServer: (key, planned) => {
        table.want(key, planned);
        this.#serverApplier.attempts.startAfresh(key);
        this.#touched.add(key);
      },
      boundAddress: (address, wanted) => this.#addresses.want(address, wanted ? true : undefined),
      setMember: (key, member) => this.#sets.want(key, member),
      displaced: (key, holder, loser) => observer.conflict(key, holder, loser),
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

  /** Asks for a comparison with the kernel in the next round, whenever it would be due. */
  requestAudit(): void {
    this.#audits.request();
  }

  /** The rules follow from something new besides the plans: they are planned again in the next round. */
  replanRules(): void {
    this.#rules.replan();
  }

  /**
   * Compares what is due of the kernel with what we know of it; what somebody else changed becomes pending. To be called
   * before new plans are made. Between its steps it waits for `serveChanges`, which may plan and apply: no change waits
   * for a whole audit.
   */
  async audit(serveChanges: () => Promise<void>): Promise<void> {
    const { clock } = this.#options;
    if (!this.#observedKnown) return;
    const startMs = clock.monotonicMs();
    let servedMs = 0;
    const pause = async () => {
      const pausedMs = clock.monotonicMs();
      await serveChanges();
      servedMs += clock.monotonicMs() - pausedMs;
    };
    const due = this.#audits.take(startMs);
    try {
      for (const part of due) {
        const fromMs = clock.monotonicMs() - servedMs;
        await this.#auditPart(part, pause);
        // Other programs read the rules; waiting for them costs us nothing.
        const costMs = part === 'rules' ? 0 : clock.monotonicMs() - servedMs - fromMs;
        this.#audits.done(part, startMs, costMs);
        await pause();
      }
    } catch (error) {
      this.#observedKnown = false;
      throw error;
    }
    if (due.length > 0) this.#touchPending();
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
    const attempts = this.#attempts().filter((each) => each !== this.flows.attempts); // those have their own timer
    const due = [...attempts.map((each) => each.nextDueMs()), this.#retirer.nextDueMs()];
    const known = due.filter((time): time is number => time !== undefined);
    const next = Math.min(...known, this.#audits.nextDueMs());
    return next === Number.POSITIVE_INFINITY ? undefined : next;
  }

  /** Objects that are not as they should be, because their operation failed. */
  get failedCount(): number {
    return this.#attempts().reduce((sum, attempts) => sum + attempts.failedCount, 0);
  }

  /** The same, one entry per kind. */
  failedCounts(): ReadonlyMap<ObjectKind, number> {
    return new Map(this.#attempts().map(({ kind, failedCount }) => [kind, failedCount]));
  }

  /** Objects that are not as wanted: they wait for a round, for another object, or for the next attempt. */
  pendingCounts(): ReadonlyMap<ObjectKind, number> {
    return new Map([
      ['virtualServer', this.servers.pendingCount],
      ['address', this.#addresses.pendingCount],
      ['setEntry', this.#sets.pendingCount],
      ['flow', this.flows.pendingCount],
    ]);
  }

  /** How full the sets are. */
  setFill(): readonly SetFill[] {
    return this.#sets.fill();
  }

  /** Virtual servers with real servers that drain. */
  get drainingCount(): number {
    return this.#retirer.size;
  }

  /** What drains right now. */
  draining(): Iterable<DrainingServers> {
    return this.#retirer.draining();
  }

  async #observe(): Promise<void> {
    await this.#mirror.read();
    this.#observedKnown = true;
    for (const key of this.servers.observedKeys()) this.flows.noteFound(this.servers.observedVirtualServer(key));
    this.#touchPending();
    this.#audits.begin(this.#options.clock.monotonicMs());
  }

  #touchPending(): void {
    for (const key of this.servers.pendingKeys()) this.#touched.add(key);
  }

  async #auditPart(part: AuditPart, pause: () => Promise<void>): Promise<void> {
    switch (part) {
      case 'settings':
        return this.#options.sysctls?.audit();
      case 'addresses':
        return await this.#mirror.auditAddresses();
      case 'sets':
        await this.#mirror.auditSets();
        return;
      case 'rules':
        return await this.#mirror.auditRules(pause);
      case 'servers':
        return await this.#mirror.auditServers(pause);
    }
  }

  /** The order in which the kernel changes; removals go last. */
  async #applyInOrder(): Promise<void> {
    await this.#sets.applyAdditions();
    await this.#applyRules();
    await this.#addressApplier.applyAdditions();
    const isFirst = (key: VirtualServerKey) => {
      const identity = this.servers.desired(key)?.virtualServer.identity;
      return identity !== undefined && isServedFirst(identity, this.desired.holderOf(key));
    };
    // Without all objects nobody knows what is not wanted.
    if (this.#options.tables.arePartial) return await this.#serverApplier.addWanted(isFirst);
    await this.#serverApplier.applyWanted(isFirst);
    await this.#serverApplier.applyUnwanted();
    await this.#retire();
    await this.#addressApplier.applyRemovals();
    await this.#sets.applyRemovals();
    this.flows.release();
  }

  /**
   * Whether the address of a wanted virtual server is bound, if it is to be. Without it nothing reaches the virtual
   * server, and a process that starts anew would not know it for ours.
   */
  #hasItsAddress(key: VirtualServerKey): boolean {
    const identity = this.servers.desired(key)?.virtualServer.identity;
    if (identity?.kind !== 'address' || this.#addresses.desired(identity.address) === undefined) return true;
    return this.#addresses.observed(identity.address) !== undefined;
  }

  async #retire(): Promise<void> {
    this.#retirer.follow(this.#touched);
    this.#touched.clear();
    const removals = await this.#retirer.removals();
    await this.#serverApplier.applyExtra(removals);
    this.#retirer.follow(this.#touched);
    this.#touched.clear();
  }

  async #applyRules(): Promise<void> {
    const missing = this.#sets.missing();
    const kept = this.#options.tables.arePartial ? this.#sets.filled() : noSets;
    const version = [this.desired.rulesVersion, ...missing, 'kept', ...kept].join(' ');
    for (const family of this.#options.families) {
      if (this.#rules.holds(family, version)) continue;
      await this.#rules.apply({
        family,
        filledRoles: new Set([
          ...this.desired.filledRoles(family),
          ...setRoles.filter((role) => kept.has(ipSetFor(role, family).name)),
        ]),
        outputFilters: this.desired.outputFilters(family),
        missingRoles: new Set(setRoles.filter((role) => missing.has(ipSetFor(role, family).name))),
        version,
      });
    }
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
      this.flows.attempts,
    ];
    return attempts as readonly Attempts<string>[];
  }
}
