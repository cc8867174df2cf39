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
  /** Sets that this node does not have. */
  readonly missingRoles: ReadonlySet<SetRole>;
  /** Another text whenever one of the others has changed. */
  readonly version: string;
}

interface RulesInPlace {
  /** Version of the inputs that they were planned from; undefined when they are to be planned again. */
  readonly version: string | undefined;
  readonly rules: RuleSet;
}

/** Keeps the packet filter rules: writes them only when their shape changes or the kernel's differ. */
export class RulesKeeper {
  readonly attempts: Attempts<IpFamily>;
  readonly #driver: RulesDriver;
  readonly #plan: (inputs: RuleInputs) => Promise<RuleSet>;
  readonly #observer: ReconcileObserver;
  /** Rules known to be in place, per family. */
  readonly #inPlace = new Map<IpFamily, RulesInPlace>();

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

  /** Whether the rules that follow from this version of the inputs are in place. */
  holds(family: IpFamily, version: string): boolean {
    return this.#inPlace.get(family)?.version === version;
  }

  /** Puts the rules in place where they are not known to be. */
  async apply(inputs: RuleInputs): Promise<void> {
    const { family, version } = inputs;
    if (this.holds(family, version) || !this.attempts.isDue(family)) return;
    try {
      const rules = await this.#plan(inputs);
      await this.#put(rules);
      this.#inPlace.set(family, { version, rules });
      this.attempts.succeeded(family);
    } catch (error) {
      this.#inPlace.delete(family);
      this.attempts.failed(family, error);
    }
  }

  /** The rules may follow from something new besides the inputs: they are planned again. */
  replan(): void {
    for (const [family, { rules }] of this.#inPlace) this.#inPlace.set(family, { version: undefined, rules });
  }

  /**
   * Compares rules that were in place with the kernel; what differs is written again by the next `apply`, and so is what
   * cannot be read. Returns the number of differences.
   */
  async audit(family: IpFamily): Promise<number> {
    const rules = this.#inPlace.get(family)?.rules;
    if (rules === undefined) return 0;
    try {
      const differences = await this.#driver.compare(rules);
      if (differences.length > 0) this.#inPlace.delete(rules.family);
      return differences.length;
    } catch (error) {
      this.#inPlace.delete(rules.family);
      this.attempts.failed(rules.family, error);
      return 0;
    }
  }

  /** The driver writes only what differs: a restart writes nothing. */
  async #put(rules: RuleSet): Promise<void> {
    const known = this.#inPlace.get(rules.family);
    if (known !== undefined && JSON.stringify(known.rules) === JSON.stringify(rules)) return;
    if (await this.#driver.apply(rules)) this.#observer.applied('rules', 1);
  }
}
