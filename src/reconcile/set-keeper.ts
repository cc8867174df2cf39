import type { IpSetDriver, ObservedIpSet, OperationFailure } from '../kernel/drivers.ts';
import type { Clock } from '../model/clock.ts';
import type { IpSet, IpSetName } from '../model/ip-set.ts';
import type { IpSetOperation } from '../model/operation.ts';
import type { SetMember } from './desired-state.ts';
import type { ReconcileObserver } from './observer.ts';
import { Attempts } from './attempts.ts';
import { DeltaApplier } from './delta-applier.ts';
import { DeltaMap } from './delta-map.ts';
import { setMemberKey } from './desired-state.ts';
import { setCapacity } from './set-capacity.ts';

/** How full a set is. */
export interface SetFill {
  readonly name: IpSetName;
  readonly entries: number;
  readonly maxElements: number;
}

/** What a reading of the sets showed. */
export interface ObservedSets {
  readonly observed: readonly ObservedIpSet[];
  /** Sets that came, went or were made anew by somebody else. */
  readonly changedSets: number;
  /** Entries that somebody else added or removed. */
  readonly changedEntries: number;
}

/** A set of ours: how it should be made, and how it was last seen. */
interface KeptSet {
  readonly shape: IpSet;
  /** Entries wanted, each counted once. */
  wanted: number;
  /** As the kernel has it; undefined while it is missing or of another type or family. */
  capacity: number | undefined;
  /** A set of the name is there that is not as it should be. */
  isMismatched: boolean;
}

/** The IP sets: makes those that are missing, makes those anew that are too small, and keeps their entries as wanted. */
export class SetKeeper {
  readonly #members = new DeltaMap<string, SetMember>((a, b) => a.entry.text === b.entry.text);
  readonly #applier: DeltaApplier<string, SetMember, IpSetOperation>;
  readonly #sets: ReadonlyMap<string, KeptSet>;
  readonly #driver: IpSetDriver;
  readonly #observer: ReconcileObserver;
  readonly #setAttempts: Attempts<IpSetName>;

  constructor(options: {
    readonly sets: readonly IpSet[];
    readonly driver: IpSetDriver;
    /** Whether an entry that nobody wants has to stay for now. */
    readonly isNeeded: (member: SetMember) => boolean;
    readonly clock: Clock;
    readonly observer: ReconcileObserver;
  }) {
    this.#sets = new Map(options.sets.map((shape) => [shape.name, newSet(shape)]));
    this.#driver = options.driver;
    this.#observer = options.observer;
    this.#setAttempts = new Attempts('ipSet', options.clock, options.observer);
    this.#applier = new DeltaApplier({
      kind: 'setEntry',
      map: this.#members,
      apply: (operations) => this.#driver.apply(operations),
      operation: ({ desired, observed }) => {
        const member = (desired ?? observed) as SetMember;
        if (this.#sets.get(member.set)?.capacity === undefined) return undefined;
        if (desired === undefined && options.isNeeded(member)) return undefined;
        return { kind: desired === undefined ? 'deleteEntry' : 'addEntry', ...member };
      },
      clock: options.clock,
      observer: options.observer,
    });
  }

  get attempts(): readonly Attempts<string>[] {
    return [this.#applier.attempts, this.#setAttempts as unknown as Attempts<string>];
  }

  /** Sets that rules cannot refer to. */
  missing(): ReadonlySet<string> {
    const missing = new Set<string>();
    for (const set of this.#sets.values()) if (set.capacity === undefined) missing.add(set.shape.name);
    return missing;
  }

  /** Sets that hold an entry in the kernel, wanted or not. */
  filled(): ReadonlySet<string> {
    const names = new Set<string>();
    for (const key of this.#members.observedKeys()) names.add(this.#members.observed(key)?.set ?? '');
    return names;
  }

  /** How full the sets are that exist. */
  fill(): readonly SetFill[] {
    return [...this.#sets.values()].flatMap(({ shape, wanted, capacity }) =>
      capacity === undefined ? [] : [{ name: shape.name, entries: wanted, maxElements: capacity }],
    );
  }

  /** Entries that are not as wanted. */
  get pendingCount(): number {
    return this.#members.pendingCount;
  }

  /** Sets whether an entry is wanted; `undefined` for not. The key is `setMemberKey`. */
  want(key: string, member: SetMember | undefined): void {
    const previous = this.#members.desired(key);
    const set = this.#sets.get((member ?? previous)?.set ?? '');
    if (set !== undefined) set.wanted += Number(member !== undefined) - Number(previous !== undefined);
    this.#members.want(key, member);
  }

  /** Reads the sets; tells what was there, and how much of it differs from what was known. */
  async observe(): Promise<ObservedSets> {
    const observed = await this.#driver.list([...this.#sets.keys()]);
    const byName = new Map(observed.map((set) => [set.name, set]));
    let changedSets = 0;
    for (const set of this.#sets.values()) {
      const known = set.capacity;
      noteObserved(set, byName.get(set.shape.name));
      if (set.capacity !== known) changedSets++;
    }
    const usable = observed.filter(({ name }) => this.#sets.get(name)?.capacity !== undefined);
    return { observed, changedSets, changedEntries: this.#members.replaceObserved(membersOf(usable)) };
  }

  /** Makes missing sets together with their entries, then adds missing entries. */
  async applyAdditions(): Promise<void> {
    const missing: KeptSet[] = [];
    for (const set of this.#sets.values()) {
      if (isAsWanted(set) || !this.#setAttempts.isDue(set.shape.name)) continue;
      if (set.isMismatched || set.capacity !== undefined) await this.#replace(set);
      else missing.push(set);
    }
    if (missing.length > 0) await this.#create(missing);
    await this.#applier.applyAdditions();
  }

  async applyRemovals(): Promise<void> {
    await this.#applier.applyRemovals();
  }

  /** Sets made in one go with their entries are made with room for them, which is much faster than growing. */
  async #create(sets: readonly KeptSet[]): Promise<void> {
    const names = new Set<string>(sets.map(({ shape }) => shape.name));
    const members = this.#wantedMembers(names);
    const failures = await this.#driver.apply([
      ...sets.map((set) => ({ kind: 'createSet', set: shapeFor(set) }) as const),
      ...members.map(([, member]) => ({ kind: 'addEntry', ...member }) as const),
    ]);
    const failed = new Map(failures.map(({ index, error }: OperationFailure) => [index, error]));
    for (const [index, set] of sets.entries()) this.#settle(set, failed.get(index));
    const added = members.filter((_, index) => !failed.has(sets.length + index));
    this.#noteAdded(added);
  }

  async #replace(set: KeptSet): Promise<void> {
    const names = new Set<string>([set.shape.name]);
    const members = this.#wantedMembers(names);
    try {
      await this.#driver.replaceSet(
        shapeFor(set),
        members.map(([, { entry }]) => entry),
      );
    } catch (error) {
      this.#setAttempts.failed(set.shape.name, error);
      return;
    }
    this.#members.forgetObserved(({ set: name }) => names.has(name));
    this.#settle(set, undefined);
    this.#noteAdded(members);
  }

  #settle(set: KeptSet, error: unknown): void {
    if (error !== undefined) {
      this.#setAttempts.failed(set.shape.name, error);
      return;
    }
    set.capacity = shapeFor(set).maxElements;
    set.isMismatched = false;
    this.#setAttempts.succeeded(set.shape.name);
    this.#observer.applied('ipSet', 1);
  }

  #noteAdded(members: readonly KeyedMember[]): void {
    for (const [key, member] of members) this.#members.observe(key, member);
    this.#observer.applied('setEntry', members.length);
  }

  #wantedMembers(names: ReadonlySet<string>): KeyedMember[] {
    return [...this.#members.allDesired()].filter(([, { set }]) => names.has(set));
  }
}

type KeyedMember = readonly [key: string, member: SetMember];

function newSet(shape: IpSet): KeptSet {
  return { shape, wanted: 0, capacity: undefined, isMismatched: false };
}

function noteObserved(set: KeptSet, observed: ObservedIpSet | undefined): void {
  const { type, family } = set.shape;
  const fits = observed?.type === type && (type === 'bitmap:port' || observed.family === family);
  set.capacity = observed !== undefined && fits ? observed.maxElements : undefined;
  set.isMismatched = observed !== undefined && !fits;
}

function isAsWanted(set: KeptSet): boolean {
  if (set.capacity === undefined) return false;
  return set.shape.type === 'bitmap:port' || set.capacity === setCapacity(set.wanted, set.capacity);
}

function shapeFor({ shape, wanted, capacity }: KeptSet): IpSet {
  return shape.type === 'bitmap:port' ? shape : { ...shape, maxElements: setCapacity(wanted, capacity) };
}

/** One after the other: all at once would be many megabytes in a large cluster. */
function* membersOf(sets: readonly ObservedIpSet[]): Generator<[string, SetMember]> {
  for (const { name, entries } of sets) {
    for (const entry of entries) yield [setMemberKey(name, entry), { set: name as IpSetName, entry }];
  }
}
