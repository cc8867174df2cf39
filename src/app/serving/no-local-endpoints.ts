import type { IpFamily } from '../../model/ip.ts';
import type { ServiceKey } from '../../model/service-key.ts';
import type { ServicePlan } from '../../plan/service-plan.ts';
import type { PlannedService } from '../rounds/plan-follower.ts';

/** A traffic policy and a family, as the labels of the metric have them. */
interface Place {
  readonly policy: 'internal' | 'external';
  readonly family: IpFamily;
}

const places: readonly Place[] = (['internal', 'external'] as const).flatMap((policy) =>
  (['IPv4', 'IPv6'] as const).map((family) => ({ policy, family })),
);

/**
 * Counts the Services with policy Local that have endpoints, but none on this node. Remembers those Services only, so
 * a change costs what the one Service costs.
 */
export class NoLocalEndpoints {
  readonly #services = new Map<ServiceKey, readonly Place[]>();
  readonly #counts = new Map<Place, number>(places.map((place) => [place, 0]));

  follow({ key, plan }: PlannedService): void {
    for (const place of this.#services.get(key) ?? []) this.#add(place, -1);
    const now = plan === undefined ? [] : placesOf(plan);
    for (const place of now) this.#add(place, 1);
    if (now.length === 0) this.#services.delete(key);
    else this.#services.set(key, now);
  }

  /** Calls `show` for each policy and each of the families. */
  report(
    families: readonly IpFamily[],
    show: (policy: Place['policy'], family: IpFamily, services: number) => void,
  ): void {
    for (const [{ policy, family }, count] of this.#counts) {
      if (families.includes(family)) show(policy, family, count);
    }
  }

  #add(place: Place, change: number): void {
    this.#counts.set(place, (this.#counts.get(place) ?? 0) + change);
  }
}

function placesOf(plan: ServicePlan): readonly Place[] {
  if (plan.notes.length === 0) return [];
  return places.filter(({ policy, family }) =>
    plan.notes.some((note) => note.code === 'noLocalEndpoint' && note.policy === policy && note.family === family),
  );
}
