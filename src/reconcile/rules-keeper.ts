import type { RulesDriver } from '../kernel/drivers.ts';
import type { Clock } from '../model/clock.ts';
import type { IpFamily } from '../model/ip.ts';
import type { RuleSet } from '../model/rule-set.ts';
import type { OutputFilterException } from '../plan/service-plan.ts';
import type { SetRole } from '../plan/ip-sets.ts';
import type { ReconcileObserver } from './observer.ts';
import { Attempts } from './attempts.ts';

/** What the rules of a family follow from, besides the configuration. */
export interface RuleInputs {
  readonly family: IpFamily;
  readonly filledRoles: ReadonlySet<SetRole>;
  readonly outputFilters: readonly OutputFilterException[];
}

/** Keeps the packet filter rules: writes them only when their shape changes or the kernel's differ. */
export class RulesKeeper {
  readonly attempts: Attempts<IpFamily>;
  readonly #driver: RulesDriver;
  readonly #plan: (inputs: RuleInputs) => Promise<RuleSet>;
  readonly #observer: ReconcileObserver;
  /** Rules known to be in place, per family. */
  readonly #inPlace = new Map<IpFamily, string>();

  constructor(options: {
    readonly driver: RulesDriver;
    readonly planRules: (inputs: RuleInputs) => Promise<RuleSet>;
    readonly clock: Clock;
    readonly observer: ReconcileObserver;
  }) {
    this.#driver = options.driver;
    this.#plan = options.planRules;
    this.#observer = options.observer;
    this.attempts = new Attempts('rules', options.clock, options.observer);
  }

  /** Puts the rules in place where they are not known to be. */
  async apply(inputs: RuleInputs): Promise<void> {
    if (!this.attempts.isDue(inputs.family)) return;
    try {
      const rules = await this.#plan(inputs);
      const text = JSON.stringify(rules);
      if (this.#inPlace.get(inputs.family) === text) return;
      const known = this.#inPlace.has(inputs.family);
      if (known || (await this.#driver.compare(rules)).length > 0) {
        await this.#driver.apply(rules);
        this.#observer.applied('rules', 1);
      }
      this.#inPlace.set(inputs.family, text);
      this.attempts.succeeded(inputs.family);
    } catch (error) {
      this.#inPlace.delete(inputs.family);
      this.attempts.failed(inputs.family, error);
    }
  }

  /**
   * Compares rules that were in place with the kernel; what differs is written again by the next `apply`. Returns the
   * number of differences.
   */
  async audit(inputs: RuleInputs): Promise<number> {
    if (!this.#inPlace.has(inputs.family)) return 0;
    const differences = await this.#driver.compare(await this.#plan(inputs));
    if (differences.length > 0) this.#inPlace.delete(inputs.family);
    return differences.length;
  }
}
