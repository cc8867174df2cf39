import type { IpSetDriver, ObservedIpSet } from '../kernel/drivers.ts';
import type { Clock } from '../model/clock.ts';
import type { IpSet, IpSetEntry, IpSetName } from '../model/ip-set.ts';
import type { SetMember } from './desired-state.ts';
import type { ReconcileObserver } from './observer.ts';
import { Attempts } from './attempts.ts';
import { DeltaApplier } from './delta-applier.ts';
import { DeltaMap } from './delta-map.ts';
import { setMemberKey } from './desired-state.ts';

/** The IP sets: makes those that are missing and keeps their entries as wanted. */
export class SetKeeper {
  readonly members = new DeltaMap<string, SetMember>((a, b) => a.entry.text === b.entry.text);
  readonly #applier: DeltaApplier<string, SetMember, ReturnType<typeof memberOperation>>;
  readonly #sets: readonly IpSet[];
  readonly #driver: IpSetDriver;
  readonly #observer: ReconcileObserver;
  readonly #setAttempts: Attempts<IpSetName>;
  /** Sets that exist as they should. */
  readonly #ready = new Set<string>();
  readonly #mismatched = new Set<string>();

  constructor(options: {
    readonly sets: readonly IpSet[];
    readonly driver: IpSetDriver;
    readonly clock: Clock;
    readonly observer: ReconcileObserver;
  }) {
    this.#sets = options.sets;
    this.#driver = options.driver;
    this.#observer = options.observer;
    this.#setAttempts = new Attempts('ipSet', options.clock, options.observer);
    this.#applier = new DeltaApplier({
      kind: 'setEntry',
      map: this.members,
      apply: (operations) => this.#driver.apply(operations),
      operation: (delta) => {
        const member = (delta.desired ?? delta.observed) as SetMember;
        return this.#ready.has(member.set) ? memberOperation(delta.desired !== undefined, member) : undefined;
      },
      clock: options.clock,
      observer: options.observer,
    });
  }

  get attempts(): readonly Attempts<string>[] {
    return [this.#applier.attempts, this.#setAttempts as unknown as Attempts<string>];
  }

  /** Whether every set exists, so that rules may refer to them. */
  get allReady(): boolean {
    return this.#sets.every((set) => this.#ready.has(set.name));
  }

  /** Reads the sets; returns them for whoever wants to know what was there. */
  async observe(): Promise<readonly ObservedIpSet[]> {
    const observed = await this.#driver.list(this.#sets.map((set) => set.name));
    const byName = new Map(observed.map((set) => [set.name, set]));
    this.#ready.clear();
    this.#mismatched.clear();
    for (const set of this.#sets) {
      const present = byName.get(set.name);
      if (present === undefined) continue;
      if (isAsWanted(present, set)) this.#ready.add(set.name);
      else this.#mismatched.add(set.name);
    }
    this.members.replaceObserved(observed.filter((set) => this.#ready.has(set.name)).flatMap(membersOf));
    return observed;
  }

  /** Makes missing sets, then adds missing entries. */
  async applyAdditions(): Promise<void> {
    for (const set of this.#sets) {
      if (!this.#ready.has(set.name) && this.#setAttempts.isDue(set.name)) await this.#makeSet(set);
    }
    await this.#applier.applyAdditions();
  }

  async applyRemovals(): Promise<void> {
    await this.#applier.applyRemovals();
  }

  async #makeSet(set: IpSet): Promise<void> {
    try {
      if (this.#mismatched.has(set.name)) await this.#driver.replaceSet(set, []);
      else await this.#create(set);
    } catch (error) {
      this.#setAttempts.failed(set.name, error);
      return;
    }
    this.#mismatched.delete(set.name);
    this.#ready.add(set.name);
    this.#setAttempts.succeeded(set.name);
    this.#observer.applied('ipSet', 1);
  }

  async #create(set: IpSet): Promise<void> {
    const [failure] = await this.#driver.apply([{ kind: 'createSet', set }]);
    if (failure !== undefined) throw failure.error;
  }
}

function memberOperation(wanted: boolean, { set, entry }: SetMember) {
  return wanted ? ({ kind: 'addEntry', set, entry } as const) : ({ kind: 'deleteEntry', set, entry } as const);
}

function isAsWanted(observed: ObservedIpSet, set: IpSet): boolean {
  if (observed.type !== set.type) return false;
  return set.type === 'bitmap:port' || (observed.family === set.family && observed.maxElements === set.maxElements);
}

function membersOf(set: ObservedIpSet): [string, SetMember][] {
  return set.entries.map((entry: IpSetEntry) => [setMemberKey(set.name, entry), { set: set.name as IpSetName, entry }]);
}
