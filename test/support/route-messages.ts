import { messageFlags } from '../../src/netlink/constants.ts';
import { MessageReader } from '../../src/netlink/message-reader.ts';
import type { MessageWriter } from '../../src/netlink/message-writer.ts';

/** `RTM_GETLINK`. Source: linux/rtnetlink.h, read at 6.1. */
const getLinkType = 18;

/** `NLMSG_NOOP`. Source: linux/netlink.h, read at 6.1. */
const noOperationType = 1;

/** An interface index that no machine has. */
export const absentInterface = 0x3fff_fff0;

/** Asks for an interface, or with the dump flags for all. Needs no rights; an absent one is refused with ENODEV. */
export function getLink(writer: MessageWriter, flags: number, interfaceIndex = 0): void {
  writer.begin(getLinkType, flags);
  writer.header4(0, 0, 0, 0);
  writer.headerWord(interfaceIndex);
  writer.headerWord(0);
  writer.headerWord(0);
  writer.end();
}

/** A message that the kernel accepts and does nothing about. Acknowledged on demand, no other reply. */
export function noOperation(writer: MessageWriter): void {
  writer.begin(noOperationType, 0);
  writer.end();
}

/** A dump request that the kernel skips without a word: what a lost reply looks like from here. */
export function noReply(writer: MessageWriter): void {
  writer.begin(noOperationType, messageFlags.dump);
  writer.end();
}

/** The interface indexes in replies to `getLink`. */
export function linkIndexes(replies: Uint8Array): number[] {
  const indexes: number[] = [];
  const reader = new MessageReader(replies);
  while (reader.next()) indexes.push(reader.view.getInt32(reader.payloadStart + 4, true));
  return indexes;
}
