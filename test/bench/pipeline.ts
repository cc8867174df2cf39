import { NodeTracker } from '../../src/app/objects/node-tracker.ts';
import { breathe, systemClock } from '../../src/app/system-clock.ts';
import { version } from '../../src/app/version.ts';
import { ClusterTables } from '../../src/cluster/tables.ts';
import type { ProxyConfig } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/effective-config.ts';
import type { IpFamily } from '../../src/model/ip.ts';
import type { RuleSet } from '../../src/model/rule-set.ts';
import type { ReconcileObserver } from '../../src/reconcile/observer.ts';
import { type Drivers, Reconciler } from '../../src/reconcile/reconciler.ts';
import { RunLoop } from '../../src/reconcile/run-loop.ts';
import type { RuleInputs } from '../../src/reconcile/rules-keeper.ts';
import type { ClusterObjects } from './cluster.ts';

export const benchNodeName = 'bench-node';

const loadedConfig = configOf([
  '--proxy-mode=ipvs',
  '--cluster-cidr=10.128.0.0/9',
  `--hostname-override=${benchNodeName}`,
]);

/** The defaults, but audits come only when they are asked for: they are measured on their own. */
export const benchConfig: ProxyConfig = {
  ...loadedConfig,
  proxier: { ...loadedConfig.proxier, auditPeriodMs: 0 },
};

export interface PipelineOptions {
  readonly drivers: Drivers;
  readonly families: readonly IpFamily[];
  readonly planRules: (inputs: RuleInputs) => Promise<RuleSet>;
}

/** From tables to the kernel, wired as the daemon wires it. What fails is thrown at whoever waits for a round. */
export class Pipeline {
  readonly tables: ClusterTables;
  readonly reconciler: Reconciler;
  /** Time that planning has taken so far. */
  planMs = 0;
  roundCount = 0;
  readonly #tracker: NodeTracker;
  readonly #loop: RunLoop;
  #roundEnded: { readonly resolve: () => void; readonly reject: (error: unknown) => void } | undefined;
  #failure: unknown;
  #requested = false;
  #running = false;

  constructor({ drivers, families, planRules }: PipelineOptions) {
    const tables = new ClusterTables(() => {
      this.#requested = true;
      this.#loop.request();
    });
    const reconciler = new Reconciler({
      tables,
      drivers,
      config: benchConfig,
      families,
      planRules,
      clock: systemClock,
      observer: this.#observer(),
      breathe,
    });
    const driver = drivers.address;
    this.tables = tables;
    this.reconciler = reconciler;
    this.#tracker = new NodeTracker({ tables, driver, config: benchConfig, nodeName: benchNodeName, families });
    this.#loop = new RunLoop({
      round: async () => {
        this.#requested = false;
        this.#running = true;
        await this.#round();
        this.#running = false;
      },
      nextDueMs: () => (tables.inSync ? reconciler.nextDueMs() : undefined),
      clock: systemClock,
      minIntervalMs: 0,
      retryMs: 1_000,
      onError: (error) => this.#end(error),
    });
  }

  /** Whether nothing waits for a round and none is running. */
  get isIdle(): boolean {
    return !this.#requested && !this.#running;
  }

  /** Lists the objects; resolves when the kernel has them. */
  async program(objects: ClusterObjects): Promise<void> {
    await this.nextRound(() => {
      this.tables.replaceServices(objects.services);
      this.tables.replaceEndpointSlices(objects.slices);
    });
  }

  /** Makes a change; resolves when the round is over that brought it to the kernel. */
  nextRound(change: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#roundEnded = { resolve, reject };
      change();
    });
  }

  /** Compares the kernel with what we know of it; rejects when they differ. */
  audit(): Promise<void> {
    return this.nextRound(() => {
      this.reconciler.requestAudit();
      this.#loop.request();
    });
  }

  async stop(): Promise<void> {
    await this.#loop.stop();
    await this.reconciler.flows.drain();
  }

  /** What the daemon does in a round. */
  async #round(): Promise<void> {
    const { tables, reconciler } = this;
    if (!tables.inSync) return;
    await reconciler.audit(async () => {});
    const keys = new Set(tables.takeChangedServices());
    const { facts, changed } = await this.#tracker.update();
    if (changed) for (const key of tables.serviceKeys()) keys.add(key);
    const start = performance.now();
    await reconciler.plan(keys, facts);
    this.planMs += performance.now() - start;
    await reconciler.apply();
    this.roundCount++;
    this.#end(this.#failure);
  }

  #end(failure: unknown): void {
    const waiting = this.#roundEnded;
    this.#roundEnded = undefined;
    if (failure === undefined) waiting?.resolve();
    else waiting?.reject(failure);
  }

  #observer(): ReconcileObserver {
    return {
      applied: () => {},
      failed: (kind, object, error) => {
        this.#failure ??= new Error(`${kind} ${object} failed`, { cause: error });
      },
      recovered: () => {},
      drifted: (kind, count) => {
        if (count > 0) this.#failure ??= new Error(`${count} of kind ${kind} are not as they were left`);
      },
      conflict: (object, holder, loser) => {
        this.#failure ??= new Error(`${object} is claimed by ${holder} and ${loser}`);
      },
    };
  }
}

function configOf(argv: readonly string[]): ProxyConfig {
  const invocation = loadConfig({ argv, readFile: () => '', version });
  if (invocation.kind !== 'run') throw new Error('the flags of the benchmark do not run the program');
  return invocation.settings.config;
}
