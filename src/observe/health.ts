import { type IpFamily, ipFamilies } from '../model/ip.ts';
import { type HttpAnswer, type HttpHandler, jsonAnswer, notFound } from './http-message.ts';
import { formatRfc3339, zeroTime } from './rfc3339.ts';

/** What health looks at in the Node object. */
export interface NodeEligibility {
  readonly isBeingDeleted: boolean;
  /** Keys of the taints. */
  readonly taintKeys: readonly string[];
}

/** Health of one address family. */
interface FamilyHealth {
  /** Undefined until the loop has started: such a family does not count and is not shown. */
  updatedMs: number | undefined;
  /** When the oldest request that is not yet carried out was made; monotonic. */
  queuedMs: number | undefined;
}

export interface ProxierHealthOptions {
  /** How long a request may wait before the proxier counts as stuck: two sync periods. */
  readonly timeoutMs: number;
  /** Wall clock, for what is shown. */
  readonly nowMs: () => number;
  /** For waiting times, which a wall clock that is set does not change. */
  readonly monotonicMs: () => number;
}

const autoscalerTaint = 'ToBeDeletedByClusterAutoscaler';

/**
 * Whether changes reach the kernel in time. Being idle is healthy for ever: only a request that has waited for two
 * sync periods makes the proxier unhealthy.
 */
export class ProxierHealth {
  readonly #options: ProxierHealthOptions;
  readonly #families = new Map<IpFamily, FamilyHealth>();
  #node: NodeEligibility | undefined;

  constructor(options: ProxierHealthOptions) {
    this.#options = options;
  }

  /** A round of the family is wanted. */
  queued(family: IpFamily): void {
    this.#family(family).queuedMs ??= this.#options.monotonicMs();
  }

  /** A round of the family has succeeded; also called once when its loop starts. */
  updated(family: IpFamily): void {
    const health = this.#family(family);
    health.updatedMs = this.#options.nowMs();
    health.queuedMs = undefined;
  }

  /** Our Node as last seen. */
  setNode(node: NodeEligibility): void {
    this.#node = node;
  }

  /** Whether no family is stuck. */
  isHealthy(): boolean {
    return [...this.#families.values()].every((family) => this.#isFamilyHealthy(family));
  }

  /** Whether the node may be sent traffic: known, not being deleted, not about to be removed by the autoscaler. */
  isNodeEligible(): boolean {
    const node = this.#node;
    return node !== undefined && !node.isBeingDeleted && !node.taintKeys.includes(autoscalerTaint);
  }

  /** The answer of `/healthz`: healthy, on a node that may be sent traffic. */
  healthz(): HttpAnswer {
    const nodeEligible = this.isNodeEligible();
    return this.#answer(this.isHealthy() && nodeEligible, { nodeEligible });
  }

  /** The answer of `/livez`: healthy, whatever becomes of the node. */
  livez(): HttpAnswer {
    return this.#answer(this.isHealthy(), {});
  }

  #answer(ok: boolean, more: { readonly nodeEligible?: boolean }): HttpAnswer {
    const currentTime = formatRfc3339(this.#options.nowMs());
    const status = this.#familyStatus();
    const body = {
      lastUpdated: ok ? currentTime : this.#newestUpdate(),
      currentTime,
      ...more,
      healthy: this.isHealthy(),
      ...(Object.keys(status).length > 0 ? { status } : {}),
    };
    return jsonAnswer(ok ? 200 : 503, JSON.stringify(body));
  }

  #familyStatus(): Record<string, { readonly lastUpdated: string; readonly healthy: boolean }> {
    const shown = ipFamilies.flatMap((family) => {
      const health = this.#families.get(family);
      if (health?.updatedMs === undefined) return [];
      return [[family, { lastUpdated: formatRfc3339(health.updatedMs), healthy: this.#isFamilyHealthy(health) }]];
    });
    return Object.fromEntries(shown);
  }

  #newestUpdate(): string {
    const times = [...this.#families.values()].flatMap((family) => family.updatedMs ?? []);
    return times.length === 0 ? zeroTime : formatRfc3339(Math.max(...times));
  }

  #isFamilyHealthy({ updatedMs, queuedMs }: FamilyHealth): boolean {
    if (updatedMs === undefined || queuedMs === undefined) return true;
    return this.#options.monotonicMs() - queuedMs < this.#options.timeoutMs;
  }

  #family(family: IpFamily): FamilyHealth {
    const known = this.#families.get(family);
    if (known !== undefined) return known;
    const added: FamilyHealth = { updatedMs: undefined, queuedMs: undefined };
    this.#families.set(family, added);
    return added;
  }
}

/** Counts the answers of the health port. */
export interface HealthCounters {
  healthzAnswered(code: number): void;
  livezAnswered(code: number): void;
}

/** Serves `/healthz` and `/livez` for any method, and nothing else. */
export function healthHandler(health: ProxierHealth, counters: HealthCounters): HttpHandler {
  return ({ path }) => {
    if (path === '/healthz') {
      const answer = health.healthz();
      counters.healthzAnswered(answer.status);
      return answer;
    }
    if (path !== '/livez') return notFound;
    const answer = health.livez();
    counters.livezAnswered(answer.status);
    return answer;
  };
}
