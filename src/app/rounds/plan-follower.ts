import type { Service } from '../../kubernetes/objects/service.ts';
import type { ServiceKey } from '../../model/service-key.ts';
import type { ServicePlan } from '../../plan/service-plan.ts';

/** A Service that was planned anew; both are undefined when it is gone. */
export interface PlannedService {
  readonly key: ServiceKey;
  readonly service: Service | undefined;
  readonly plan: ServicePlan | undefined;
}

/** Told of every Service that a round has planned, and of no other: following costs what changed. */
export type PlanFollower = (planned: PlannedService) => void;
