import type { IpSet, IpSetEntry } from '../../model/ip-set.ts';
import type { IpSetOperation } from '../../model/operation.ts';
import { entryBytes } from './encode.ts';

/** One message to the kernel. `indexes` are the places of its operations in their batch. */
export type SetStep = CreateStep | EntriesStep;

export interface CreateStep {
  readonly kind: 'create';
  readonly set: IpSet;
  /** How many entries the batch adds to the set. */
  readonly expectedEntries: number;
  readonly indexes: readonly number[];
}

export interface EntriesStep {
  readonly kind: 'add' | 'delete';
  readonly name: string;
  readonly entries: readonly IpSetEntry[];
  readonly indexes: readonly number[];
}

/**
 * Most bytes of entries in a message: 1,500 of the commonest kind (IPv4 `hash:ip,port`). The list is one attribute, so
 * 65,531 bytes is the limit; the rest is room for names.
 */
const entryBytesPerMessage = 60_000;

/** Entries in a message after the kernel refused one: few, because each refusal costs a message with all that follow. */
const entriesPerMessageAfterRefusal = 64;

/**
 * The operations as messages, one queue per set, which keeps the order of the operations on that set. Neighbouring
 * additions (or deletions) on a set share a message, also when operations on other sets stood between them.
 */
export function queueBySet(operations: readonly IpSetOperation[]): SetStep[][] {
  const queues = new Map<string, GrowingStep[]>();
  operations.forEach((operation, index) => {
    const name = operation.kind === 'createSet' ? operation.set.name : operation.set;
    const queue = queues.get(name) ?? [];
    queues.set(name, queue);
    append(queue, name, operation, index);
  });
  return [...queues.values()];
}

/** What is left of a message after the first `done` entries, in smaller messages. */
export function stepsAfter(step: EntriesStep, done: number): readonly EntriesStep[] {
  const rest: EntriesStep[] = [];
  for (let from = done; from < step.entries.length; from += entriesPerMessageAfterRefusal) {
    const to = from + entriesPerMessageAfterRefusal;
    rest.push({ ...step, entries: step.entries.slice(from, to), indexes: step.indexes.slice(from, to) });
  }
  return rest;
}

type GrowingStep = GrowingCreateStep | GrowingEntriesStep;
type GrowingCreateStep = CreateStep & { expectedEntries: number };
type GrowingEntriesStep = EntriesStep & {
  readonly entries: IpSetEntry[];
  readonly indexes: number[];
  bytes: number;
};

function append(queue: GrowingStep[], name: string, operation: IpSetOperation, index: number): void {
  if (operation.kind === 'createSet') {
    queue.push({ kind: 'create', set: operation.set, expectedEntries: 0, indexes: [index] });
    return;
  }
  const kind = operation.kind === 'addEntry' ? 'add' : 'delete';
  const bytes = entryBytes(operation.entry);
  if (kind === 'add') countExpected(queue);
  let step = queue.at(-1);
  if (step?.kind !== kind || step.bytes + bytes > entryBytesPerMessage) {
    step = { kind, name, entries: [], indexes: [], bytes: 0 };
    queue.push(step);
  }
  step.entries.push(operation.entry);
  step.indexes.push(index);
  step.bytes += bytes;
}

function countExpected(queue: readonly GrowingStep[]): void {
  const [first] = queue;
  if (first?.kind === 'create') first.expectedEntries++;
}
