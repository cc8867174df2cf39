import type { IpSetEntry } from '../../model/ip-set.ts';
import { errno, NetlinkError } from '../../netlink/errors.ts';
import { MessageWriter } from '../../netlink/message-writer.ts';
import type { Transport } from '../../netlink/transport.ts';
import { decodeSizes, type SetSize } from './decode.ts';
import { encodeListHeader, encodeTest } from './encode.ts';
import { ipSetErrno, ipSetError, listError } from './errors.ts';

/** Looks at sets that cost the same however many entries these have. */
export interface SetLooks {
  /** How full they are, of those that are there. */
  sizes(names: readonly string[]): Promise<readonly SetSize[]>;
  /**
   * For each question whether packets that the entry means match the set: a network also where it is part of a larger
   * one. False also where there is no such set, and where it is one of another type.
   */
  holds(questions: readonly SetQuestion[]): Promise<readonly boolean[]>;
}

export interface SetQuestion {
  readonly set: string;
  readonly entry: IpSetEntry;
}

/** Looks at sets through netlink, for which CAP_NET_ADMIN is needed. Not safe for parallel calls. */
export function setLooks(transport: Transport): SetLooks {
  const writer = new MessageWriter(4096);
  return {
    async sizes(names) {
      const sizes: SetSize[] = [];
      for (const name of names) sizes.push(...(await sizeOf(name, transport, writer)));
      return sizes;
    },
    async holds(questions) {
      if (questions.length === 0) return [];
      writer.reset();
      for (const { set, entry } of questions) encodeTest(writer, set, entry);
      const refusals = new Map((await transport.exchange(writer)).map((refusal) => [refusal.index, refusal]));
      return questions.map(({ set, entry }, index) => {
        const refusal = refusals.get(index);
        if (refusal === undefined) return true;
        if (refusal.errno >= ipSetErrno.first || refusal.errno === errno.ENOENT) return false;
        throw ipSetError('test', `look for entry ${entry.text} in IP set ${set}`, refusal);
      });
    },
  };
}

/** One at a time: a set that is not there is a refusal of all of its batch. */
async function sizeOf(name: string, transport: Transport, writer: MessageWriter): Promise<readonly SetSize[]> {
  writer.reset();
  encodeListHeader(writer, name);
  try {
    return decodeSizes(await transport.request(writer));
  } catch (error) {
    if (!(error instanceof NetlinkError)) throw error;
    if (error.errno === errno.ENOENT) return [];
    throw listError(name, error);
  }
}
