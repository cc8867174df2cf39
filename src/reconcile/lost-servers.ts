import type { ServiceKey } from '../model/service-key.ts';
import type { VirtualServerKey } from '../model/virtual-server.ts';
import type { OutputFilterException, PlannedSetEntry, ServicePlan } from '../plan/service-plan.ts';
import { virtualServerKey } from '../model/virtual-server.ts';

/** What of a plan shapes the traffic to its virtual servers. */
export interface Shaping {
  readonly setEntries: readonly PlannedSetEntry[];
  readonly outputFilters: readonly OutputFilterException[];
}

const nothing: Shaping = { setEntries: [], outputFilters: [] };

/**
 * Virtual servers that a Service wants and another one holds. What it says about their traffic (who is masqueraded,
 * which sources are let in) must not shape that of the holder. Nearly always empty. Pure memory.
 */
export class LostServers {
  readonly #byService = new Map<ServiceKey, Set<VirtualServerKey>>();

  /** Notes whether the Service wants this virtual server without holding it. */
  note(service: ServiceKey, key: VirtualServerKey, isLost: boolean): void {
    const lost = this.#byService.get(service);
    if (isLost) {
      if (lost === undefined) this.#byService.set(service, new Set([key]));
      else lost.add(key);
    } else if (lost?.delete(key) === true && lost.size === 0) {
      this.#byService.delete(service);
    }
  }

  /** What is left of the plan of a Service without that of virtual servers that it lost. */
  shaping(plan: ServicePlan | undefined): Shaping {
    if (plan === undefined) return nothing;
    const lost = this.#byService.get(plan.key);
    if (lost === undefined) return plan;
    return {
      setEntries: plan.setEntries.filter((planned) => !lost.has(serverOfEntry(planned) as VirtualServerKey)),
      outputFilters: plan.outputFilters.filter((each) => !lost.has(virtualServerKey({ kind: 'address', ...each }))),
    };
  }
}

/** The virtual server that an entry is about; undefined for entries about endpoints, addresses and ports alone. */
function serverOfEntry({ role, entry }: PlannedSetEntry): VirtualServerKey | undefined {
  if (role === 'loopBack' || !('protocol' in entry)) return undefined;
  const { address, port, protocol } = entry;
  return virtualServerKey({ kind: 'address', address, port, protocol });
}
