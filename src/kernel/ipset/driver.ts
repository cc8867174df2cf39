import type { IpSet, IpSetEntry, IpSetName } from '../../model/ip-set.ts';
import type { IpSetOperation } from '../../model/operation.ts';
import { errno, NetlinkError } from '../../netlink/errors.ts';
import { giveBack } from '../../netlink/give-back.ts';
import { MessageWriter } from '../../netlink/message-writer.ts';
import type { MessageFailure, Transport } from '../../netlink/transport.ts';
import type { IpSetDriver, ObservedIpSet, OperationFailure } from '../drivers.ts';
import { IpSetOperations } from './apply.ts';
import { decodeSets } from './decode.ts';
import { encodeDestroy, encodeList, encodeRename, encodeSwap } from './encode.ts';
import { ipSetErrno, ipSetError, listError } from './errors.ts';

/** Name of the set that `replaceSet` fills beside the one it replaces. Left over only by a process that died there. */
export const replacementSetName = 'IPVS-PROXIER-REPLACEMENT' as IpSetName;

/** What a driver of IP sets needs. */
export interface IpSetDriverOptions {
  /** A transport for netfilter netlink that nobody else uses meanwhile. The caller closes it. */
  readonly transport: Transport;
}

/**
 * IP sets through netlink, for which CAP_NET_ADMIN is needed. Operations on one set are applied in their order; those
 * on different sets may pass each other. When a set cannot be created, what was to be done with it in the same call
 * fails too. In a full set all further additions of the same message are reported as failed.
 */
export function createIpSetDriver(options: IpSetDriverOptions): IpSetDriver {
  return new NetlinkIpSetDriver(options);
}

class NetlinkIpSetDriver implements IpSetDriver {
  readonly #transport: Transport;
  readonly #writer = new MessageWriter();
  readonly #operations: IpSetOperations;

  constructor(options: IpSetDriverOptions) {
    this.#transport = options.transport;
    this.#operations = new IpSetOperations({ transport: options.transport, writer: this.#writer });
  }

  async list(names: readonly string[]): Promise<readonly ObservedIpSet[]> {
    const sets: ObservedIpSet[] = [];
    for (const name of names) sets.push(...(await this.#listOne(name)));
    return sets;
  }

  apply(operations: readonly IpSetOperation[]): Promise<readonly OperationFailure[]> {
    return this.#operations.apply(operations);
  }

  /**
   * Fills a set beside the present one and swaps the two, so that rules never see it empty. The kernel swaps sets of
   * the same type and family only; another one is destroyed and the new one takes its name, which works while no rule
   * refers to it. Throws `DriverError` with the errno name `IPSET_ERR_TYPE_MISMATCH` when one does, and the error of
   * the first entry that could not be added; the present set is then as it was.
   */
  async replaceSet(set: IpSet, entries: readonly IpSetEntry[]): Promise<void> {
    await this.#removeReplacement();
    try {
      await this.#fillReplacement(set, entries);
      await this.#putInPlace(set);
    } catch (error) {
      await this.#removeReplacement().catch(() => undefined);
      throw error;
    }
    await this.#removeReplacement();
  }

  async destroy(names: readonly string[]): Promise<readonly OperationFailure[]> {
    this.#writer.reset();
    for (const name of names) encodeDestroy(this.#writer, name);
    if (names.length === 0) return [];
    const refusals = await this.#transport.exchange(this.#writer);
    return refusals.map((refusal) => ({
      index: refusal.index,
      error: ipSetError('destroy', `destroy IP set ${names[refusal.index]}`, refusal),
    }));
  }

  async #listOne(name: string): Promise<readonly ObservedIpSet[]> {
    this.#writer.reset();
    encodeList(this.#writer, name);
    try {
      const replies = await this.#transport.request(this.#writer);
      const sets = decodeSets(replies);
      giveBack(replies);
      return sets;
    } catch (error) {
      if (!(error instanceof NetlinkError)) throw error;
      if (error.errno === errno.ENOENT) return [];
      throw listError(name, error);
    }
  }

  async #fillReplacement(set: IpSet, entries: readonly IpSetEntry[]): Promise<void> {
    const [failure] = await this.apply([
      { kind: 'createSet', set: { ...set, name: replacementSetName } },
      ...entries.map((entry) => ({ kind: 'addEntry', set: replacementSetName, entry }) as const),
    ]);
    if (failure !== undefined) throw failure.error;
  }

  async #putInPlace(set: IpSet): Promise<void> {
    const refusal = await this.#exchangeOne((writer) => encodeSwap(writer, replacementSetName, set.name));
    if (refusal === undefined) return;
    if (refusal.errno === ipSetErrno.secondSetMissing) return this.#takeName(set);
    if (refusal.errno !== ipSetErrno.typeMismatch) throw ipSetError('swap', describeReplace(set), refusal);
    const kept = await this.#exchangeOne((writer) => encodeDestroy(writer, set.name));
    if (kept?.errno === ipSetErrno.busy) throw ipSetError('swap', describeReplace(set), refusal);
    if (kept !== undefined) throw ipSetError('destroy', describeReplace(set), kept);
    return this.#takeName(set);
  }

  async #takeName(set: IpSet): Promise<void> {
    const refusal = await this.#exchangeOne((writer) => encodeRename(writer, replacementSetName, set.name));
    if (refusal !== undefined) throw ipSetError('rename', describeReplace(set), refusal);
  }

  async #removeReplacement(): Promise<void> {
    const [failure] = await this.destroy([replacementSetName]);
    if (failure !== undefined) throw failure.error;
  }

  async #exchangeOne(encode: (writer: MessageWriter) => void): Promise<MessageFailure | undefined> {
    this.#writer.reset();
    encode(this.#writer);
    const [refusal] = await this.#transport.exchange(this.#writer);
    return refusal;
  }
}

function describeReplace(set: IpSet): string {
  return `replace IP set ${set.name} by one of type ${set.type}, maxelem ${set.maxElements}`;
}
