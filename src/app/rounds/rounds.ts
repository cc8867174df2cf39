import type { ClusterTables } from '../../cluster/tables.ts';
import type { Clock } from '../../model/clock.ts';
import type { ServiceKey } from '../../model/service-key.ts';
import type { Log } from '../../observe/log.ts';
import type { NodeFacts } from '../../plan/node-facts.ts';
import type { Reconciler } from '../../reconcile/reconciler.ts';
import type { NodeGate } from '../objects/node-gate.ts';
import type { NodeTracker } from '../objects/node-tracker.ts';
import type { PlanFollower } from './plan-follower.ts';

/** Told of rounds, for probes, dashboards and whoever acts on what they did. */
export interface RoundListener {
  /** This node as the API has it; `leaving` when it is being taken out of service. */
  nodeSeen(leaving: boolean): void;
  /** A round takes the changes that there are. */
  started(): void;
  /** A round has put everything in place, except what failed for itself. */
  succeeded(facts: NodeFacts): void;
  /** A round has ended, well or not, after so long. */
  ended(seconds: number): void;
}

export interface RoundParts {
  readonly tables: Pick<
    ClusterTables,
    'inSync' | 'hasChangedServices' | 'takeChangedServices' | 'serviceKeys' | 'service' | 'node'
  >;
  readonly gate: Pick<NodeGate, 'letsThrough'>;
  readonly tracker: Pick<NodeTracker, 'nodeName' | 'update'>;
  readonly reconciler: Pick<Reconciler, 'audit' | 'plan' | 'apply' | 'replanRules' | 'drainingCount'> & {
    readonly desired: Pick<Reconciler['desired'], 'plan'>;
  };
  readonly follower: PlanFollower;
  readonly listener: RoundListener;
  readonly clock: Clock;
  readonly log: Log;
}

/** One round after the other: what changed is planned and applied; nothing is written before the first full listing. */
export class Rounds {
  readonly #parts: RoundParts;
  /** Services that are still to be planned: what a failed round took and did not finish. */
  readonly #unplanned = new Set<ServiceKey>();
  #replanAll = false;
  #nodeLeaving: boolean | undefined;
  /** Pod networks of the Node that the rules were planned with. */
  #podCidrs: string | undefined;

  constructor(parts: RoundParts) {
    this.#parts = parts;
  }

  /** The next round plans every Service anew. */
  replanAll(): void {
    this.#replanAll = true;
  }

  /** Rejects when the round failed as a whole; what it did not get to is done by the next one. */
  async run(): Promise<void> {
    const { tables, gate, tracker, reconciler, listener, clock } = this.#parts;
    const node = tables.node(tracker.nodeName);
    if (node !== undefined && node.leaving !== this.#nodeLeaving) {
      this.#nodeLeaving = node.leaving;
      listener.nodeSeen(node.leaving);
    }
    if (!tables.inSync || !gate.letsThrough(node)) return;
    const startMs = clock.monotonicMs();
    try {
      await reconciler.audit(() => this.#serveChanges());
      await this.#bringUpToDate();
    } finally {
      listener.ended((clock.monotonicMs() - startMs) / 1000);
    }
  }

  /** What changed during an audit does not wait for its end. */
  async #serveChanges(): Promise<void> {
    if (this.#parts.tables.hasChangedServices) await this.#bringUpToDate();
  }

  async #bringUpToDate(): Promise<void> {
    const { tables, tracker, reconciler, listener, clock, log } = this.#parts;
    const startMs = clock.monotonicMs();
    for (const key of tables.takeChangedServices()) this.#unplanned.add(key);
    listener.started();
    this.#followPodCidrs();
    const { facts, changed } = await tracker.update();
    if (changed || this.#replanAll) for (const key of tables.serviceKeys()) this.#unplanned.add(key);
    this.#replanAll = false;
    await reconciler.plan(this.#unplanned, facts);
    for (const key of this.#unplanned) this.#tellOfPlan(key);
    const planned = this.#unplanned.size;
    this.#unplanned.clear();
    await reconciler.apply();
    listener.succeeded(facts);
    const seconds = (clock.monotonicMs() - startMs) / 1000;
    log.debug(2, 'Round finished', { services: planned, seconds, draining: reconciler.drainingCount });
  }

  /** The rules tell local traffic by the pod networks, where the configuration says so. */
  #followPodCidrs(): void {
    const { tables, tracker, reconciler, log } = this.#parts;
    const podCidrs = (tables.node(tracker.nodeName)?.podCidrs ?? []).join(',');
    if (podCidrs === this.#podCidrs) return;
    if (this.#podCidrs !== undefined)
      log.info('Pod networks of the Node changed', { from: this.#podCidrs, to: podCidrs });
    this.#podCidrs = podCidrs;
    reconciler.replanRules();
  }

  #tellOfPlan(key: ServiceKey): void {
    const { tables, reconciler, follower } = this.#parts;
    const plan = reconciler.desired.plan(key);
    follower({ key, plan, service: plan === undefined ? undefined : tables.service(key) });
  }
}
