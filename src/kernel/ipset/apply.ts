import type { IpSet } from '../../model/ip-set.ts';
import type { IpSetOperation } from '../../model/operation.ts';
import { errno, NetlinkError } from '../../netlink/errors.ts';
import type { MessageWriter } from '../../netlink/message-writer.ts';
import type { MessageFailure, Transport } from '../../netlink/transport.ts';
import type { OperationFailure } from '../drivers.ts';
import type { DriverError } from '../errors.ts';
import { wantedRevision } from './attributes.ts';
import { decodeHeaders, decodeRefusedLine, decodeTypeRevision } from './decode.ts';
import { encodeCreate, encodeEntries, encodeHeaderQuery, encodeTypeQuery } from './encode.ts';
import { differentSetError, ipSetErrno, ipSetError } from './errors.ts';
import type { CreateStep, EntriesStep, SetStep } from './set-queue.ts';
import { queueBySet, stepsAfter } from './set-queue.ts';

const leastHashSize = 1024;

/**
 * Applies operations on sets. One exchange takes the next message of every set, so that what the kernel refused can
 * be dealt with before later operations on the same set are sent.
 */
export class IpSetOperations {
  readonly #transport: Transport;
  readonly #writer: MessageWriter;
  /** Revision to create each type and family with, as asked from the kernel once. */
  readonly #revisions = new Map<string, number>();

  constructor(options: { readonly transport: Transport; readonly writer: MessageWriter }) {
    this.#transport = options.transport;
    this.#writer = options.writer;
  }

  /** Failures come back in the order of the operations. Throws `NetlinkError` when the outcome is unknown. */
  async apply(operations: readonly IpSetOperation[]): Promise<readonly OperationFailure[]> {
    const failures = new Map<number, DriverError>();
    let queues = queueBySet(operations);
    while (queues.length > 0) {
      await this.#learnRevisions(queues, failures);
      await this.#applyFirstSteps(queues, failures);
      queues = queues.filter((queue) => queue.length > 0);
    }
    return [...failures].map(([index, error]) => ({ index, error })).sort((a, b) => a.index - b.index);
  }

  async #applyFirstSteps(queues: readonly SetStep[][], failures: Map<number, DriverError>): Promise<void> {
    const writer = this.#writer;
    writer.reset();
    const sent: { readonly queue: SetStep[]; readonly step: SetStep }[] = [];
    for (const queue of queues) {
      const step = queue.shift();
      if (step === undefined) continue;
      this.#encode(step);
      sent.push({ queue, step });
    }
    if (sent.length === 0) return;
    const refusals = new Map((await this.#transport.exchange(writer)).map((refusal) => [refusal.index, refusal]));
    for (const [index, { queue, step }] of sent.entries()) {
      const refusal = refusals.get(index);
      if (refusal !== undefined) settleRefusal(queue, step, refusal, failures);
    }
    const created = sent.filter(({ step }, index) => step.kind === 'create' && !refusals.has(index));
    await this.#checkCreated(created as readonly Created[], failures);
  }

  #encode(step: SetStep): void {
    if (step.kind !== 'create') return encodeEntries(this.#writer, step.kind, step.name, step.entries);
    const revision = this.#revisions.get(typeKey(step.set)) as number;
    encodeCreate(this.#writer, step.set, { revision, hashSize: hashSizeFor(step) });
  }

  /** A set that was there is accepted as equal even if its family is another; ask what it is. */
  async #checkCreated(created: readonly Created[], failures: Map<number, DriverError>): Promise<void> {
    if (created.length === 0) return;
    this.#writer.reset();
    for (const { step } of created) encodeHeaderQuery(this.#writer, step.set.name);
    const headers = new Map(decodeHeaders(await this.#transport.request(this.#writer)).map((set) => [set.name, set]));
    for (const { queue, step } of created) {
      const actual = headers.get(step.set.name);
      if (actual?.type === step.set.type && actual.family === step.set.family) continue;
      const words = actual ? describeSet(actual) : 'gone';
      failAll(queue, step, failures, () => differentSetError(describeCreate(step.set), words));
    }
  }

  /** Asks for the revisions of the types about to be created. A type that the kernel lacks fails its whole queue. */
  async #learnRevisions(queues: readonly SetStep[][], failures: Map<number, DriverError>): Promise<void> {
    for (const queue of queues) {
      const [step] = queue;
      if (step?.kind !== 'create' || this.#revisions.has(typeKey(step.set))) continue;
      try {
        this.#revisions.set(typeKey(step.set), await this.#revisionFor(step.set));
      } catch (error) {
        if (!(error instanceof NetlinkError) || !isMissingType(error.errno)) throw error;
        queue.shift();
        failAll(queue, step, failures, () =>
          ipSetError('create', describeCreate(step.set), { errno: error.errno, type: step.set.type }),
        );
      }
    }
  }

  async #revisionFor(set: IpSet): Promise<number> {
    this.#writer.reset();
    encodeTypeQuery(this.#writer, set);
    return Math.min(wantedRevision[set.type], decodeTypeRevision(await this.#transport.request(this.#writer)));
  }
}

interface Created {
  readonly queue: SetStep[];
  readonly step: CreateStep;
}

function settleRefusal(
  queue: SetStep[],
  step: SetStep,
  refusal: MessageFailure,
  failures: Map<number, DriverError>,
): void {
  const { errno: number, message } = refusal;
  if (step.kind === 'create') {
    const failure = { errno: number, type: step.set.type, message };
    failAll(queue, step, failures, () => ipSetError('create', describeCreate(step.set), failure));
    return;
  }
  const line = decodeRefusedLine(refusal.reply);
  const isFull = number === ipSetErrno.hashFull && step.kind === 'add' && step.entries[0]?.type !== 'bitmap:port';
  const first = Math.max(line - 1, 0);
  const last = line === 0 || isFull ? step.entries.length : line;
  for (let place = first; place < last; place++) failures.set(...entryFailure(step, place, number, message));
  queue.unshift(...stepsAfter(step, last));
}

function entryFailure(step: EntriesStep, place: number, number: number, message?: string): [number, DriverError] {
  const entry = step.entries[place];
  const words = step.kind === 'add' ? `add entry ${entry?.text} to` : `delete entry ${entry?.text} from`;
  const failure = { errno: number, message, ...(entry && { type: entry.type }) };
  return [step.indexes[place] as number, ipSetError(step.kind, `${words} IP set ${step.name}`, failure)];
}

/** Without its set nothing else of the queue can be done. */
function failAll(queue: SetStep[], step: SetStep, failures: Map<number, DriverError>, error: () => DriverError): void {
  for (const failed of [step, ...queue.splice(0)]) {
    for (const index of failed.indexes) failures.set(index, error());
  }
}

/** `IPSET_ERR_FIND_TYPE`, or what a kernel without ipset, or without its module, answers. */
function isMissingType(number: number): boolean {
  return [ipSetErrno.findType, errno.EINVAL, errno.EOPNOTSUPP, errno.ENOENT].some((missing) => missing === number);
}

function typeKey(set: Pick<IpSet, 'type' | 'family'>): string {
  return `${set.type} ${set.family ?? ''}`;
}

/** The next power of two that holds the entries: growing costs the kernel more than adding them. */
function hashSizeFor(step: CreateStep): number {
  const expected = Math.min(step.expectedEntries, step.set.maxElements);
  return Math.max(leastHashSize, 2 ** Math.ceil(Math.log2(Math.max(expected, 1))));
}

function describeSet(set: { readonly type: string; readonly family?: string | undefined }): string {
  return [set.type, set.family].filter(Boolean).join(' ');
}

function describeCreate(set: IpSet): string {
  return `create IP set ${set.name} (${describeSet(set)}, maxelem ${set.maxElements})`;
}
