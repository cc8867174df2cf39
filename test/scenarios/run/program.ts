import type { ProxyConfig } from '../../../src/config/config.ts';
import type { ServiceKey } from '../../../src/model/service-key.ts';
import type { ReconcileObserver } from '../../../src/reconcile/observer.ts';
import type { ManualClock } from '../../support/manual-clock.ts';
import type { Scenario } from '../format/scenario.ts';
import type { World } from './world.ts';
import { NodeTracker } from '../../../src/app/objects/node-tracker.ts';
import { ClusterTables } from '../../../src/cluster/tables.ts';
import { loadConfig } from '../../../src/config/effective-config.ts';
import { ipFamilies } from '../../../src/model/ip.ts';
import { Reconciler } from '../../../src/reconcile/reconciler.ts';

const nodeName = 'node-1';

const noObserver: ReconcileObserver = { applied() {}, failed() {}, recovered() {}, drifted() {}, conflict() {} };

/** Far more than anything needs while it waits for a minute. */
const mostRounds = 10_000;

/** A round is due again and again, and none changes that. */
export class DueForEverError extends Error {}

/** One run of the program between start and end: tables, planning and reconciling, with the wiring of the daemon. */
export class Program {
  readonly tables = new ClusterTables(() => {});
  readonly #reconciler: Reconciler;
  readonly #tracker: NodeTracker;
  readonly #clock: ManualClock;
  /** What a failed round took and did not plan. */
  readonly #unplanned = new Set<ServiceKey>();

  constructor(world: World, config: ProxyConfig, clock: ManualClock) {
    const { tables } = this;
    this.#clock = clock;
    this.#tracker = new NodeTracker({ tables, driver: world.drivers.address, config, nodeName, families: ipFamilies });
    this.#reconciler = new Reconciler({
      tables,
      drivers: world.drivers,
      config,
      families: ipFamilies,
      planRules: world.planRules(config),
      clock,
      observer: noObserver,
      breathe: async () => {},
    });
  }

  interfacesChanged(): void {
    this.#tracker.addressesChanged();
  }

  /** One round, as the daemon runs it; `audit` asks for a comparison with the kernel. Rejects when the round failed. */
  async round(audit = false): Promise<void> {
    if (audit) this.#reconciler.requestAudit();
    await this.#reconciler.audit(async () => {});
    for (const key of this.tables.takeChangedServices()) this.#unplanned.add(key);
    const { facts, changed } = await this.#tracker.update();
    if (changed) for (const key of this.tables.serviceKeys()) this.#unplanned.add(key);
    await this.#reconciler.plan(this.#unplanned, facts);
    this.#unplanned.clear();
    await this.#reconciler.apply();
    await this.#reconciler.flows.drain();
  }

  /** Lets time pass, with a round whenever one is due. */
  async wait(durationMs: number): Promise<void> {
    const endMs = this.#clock.monotonicMs() + durationMs;
    let rounds = 0;
    for (;;) {
      const nowMs = this.#clock.monotonicMs();
      if (++rounds > mostRounds) throw new DueForEverError(`${mostRounds} rounds in ${durationMs} ms`);
      const dueMs = Math.max(this.#reconciler.nextDueMs() ?? Number.POSITIVE_INFINITY, nowMs);
      await this.#clock.advance(Math.min(dueMs, endMs) - nowMs);
      if (dueMs > endMs) return;
      await this.round();
    }
  }

  /** What the program would tell: notes about Services, health ports, and addresses that two Services claim. */
  told(): readonly string[] {
    return [...this.#reconciler.desired.plans()].flatMap((plan) => {
      const losses = plan.virtualServers.flatMap(({ virtualServer: { key } }) => {
        const holder = this.#reconciler.desired.holderOf(key);
        return holder === plan.key || holder === undefined
          ? []
          : [`conflict ${key}: ${holder} has it, not ${plan.key}`];
      });
      const health = `health ${plan.key} ${plan.healthCheckNodePort} IPv4=${plan.localReadyEndpoints.IPv4} IPv6=${plan.localReadyEndpoints.IPv6}`;
      return [
        ...losses,
        ...(plan.healthCheckNodePort === 0 ? [] : [health]),
        ...plan.notes.map(
          (note) => `note ${plan.key} ${note.code}${'family' in note ? ` ${note.family}` : ''}: ${note.message}`,
        ),
      ];
    });
  }
}

/** The configuration that the flags and the file of the scenario make. */
export function configOf({ flags, proxierYaml }: Pick<Scenario, 'flags' | 'proxierYaml'>): ProxyConfig {
  const proxierFile = `apiVersion: ipvs-proxier.io/v1alpha1\nkind: ProxierConfiguration\n${proxierYaml}\n`;
  const invocation = loadConfig({
    argv: [
      '--proxy-mode=ipvs',
      '--kubeconfig=unused',
      `--hostname-override=${nodeName}`,
      '--proxier-config=proxier.yaml',
      ...flags,
    ],
    readFile: () => proxierFile,
    version: { major: 1, minor: 36, patch: 0, text: 'v1.36.0' },
  });
  if (invocation.kind !== 'run') throw new Error(`these flags do not run the program: ${flags.join(' ')}`);
  return invocation.settings.config;
}
