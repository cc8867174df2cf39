import { type IpAddress, ipBytes } from '../../model/ip.ts';
import { messageHeaderBytes } from '../../netlink/constants.ts';
import { errno, NetlinkError } from '../../netlink/errors.ts';
import { MessageReader } from '../../netlink/message-reader.ts';
import { MessageWriter } from '../../netlink/message-writer.ts';
import type { Transport } from '../../netlink/transport.ts';
import { type InterfaceAddress, type Link, decodeAddresses, decodeLinks } from './decode.ts';
import { encodeGetLink, encodeListAddresses } from './encode.ts';
import { usableAddresses } from './usable-addresses.ts';

/**
 * The addresses of a node as they were at one moment. They stay as the kernel sent them, and only what is asked for is
 * decoded: where there are many Services, most are theirs.
 */
export class AddressTable {
  /** Index of the dummy interface; undefined where there is none. */
  readonly interfaceIndex: number | undefined;
  readonly #replies: Buffer;

  constructor(interfaceIndex: number | undefined, replies: Uint8Array) {
    this.interfaceIndex = interfaceIndex;
    this.#replies = Buffer.from(replies.buffer, replies.byteOffset, replies.byteLength);
  }

  /** Addresses on the dummy interface, neither loopback nor IPv6 link-local. */
  bound(): readonly IpAddress[] {
    return usableAddresses(decodeAddresses(this.#replies, (index) => index === this.interfaceIndex));
  }

  /** Addresses on every other interface, neither loopback nor IPv6 link-local. */
  ofNode(): readonly IpAddress[] {
    return usableAddresses(decodeAddresses(this.#replies, (index) => index !== this.interfaceIndex));
  }

  /** Whether the dummy interface has the address. */
  isBound(address: IpAddress): boolean {
    const bytes = Buffer.from(ipBytes(address));
    let from = 0;
    for (;;) {
      const at = this.#replies.indexOf(bytes, from);
      if (at < 0) return false;
      const { start, end } = this.#messageAt(at);
      const named = decodeAddresses(this.#replies.subarray(start, end));
      if (named.some((each) => this.#isOnDummy(each) && each.address === address)) return true;
      from = end;
    }
  }

  #isOnDummy({ interfaceIndex }: InterfaceAddress): boolean {
    return interfaceIndex === this.interfaceIndex;
  }

  /** The message that has the byte, with the padding behind it. */
  #messageAt(at: number): { readonly start: number; readonly end: number } {
    const reader = new MessageReader(this.#replies);
    let end = 0;
    while (end <= at && reader.next()) end = (reader.payloadEnd + 3) & ~3;
    return { start: reader.payloadStart - messageHeaderBytes, end };
  }
}

/** Reads the addresses of all interfaces once; `interfaceName` is that of the dummy. Throws `NetlinkError`. */
export async function readAddressTable(transport: Transport, interfaceName: string): Promise<AddressTable> {
  const writer = new MessageWriter(4096);
  const link = await findLink(transport, writer, interfaceName);
  writer.reset();
  encodeListAddresses(writer);
  return new AddressTable(link?.index, await transport.request(writer));
}

async function findLink(transport: Transport, writer: MessageWriter, name: string): Promise<Link | undefined> {
  writer.reset();
  encodeGetLink(writer, name);
  try {
    return decodeLinks(await transport.request(writer))[0];
  } catch (error) {
    if (error instanceof NetlinkError && error.errno === errno.ENODEV) return undefined;
    throw error;
  }
}
