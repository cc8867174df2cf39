import { routeMessage } from '../../../../src/kernel/address/attributes.ts';
import type { IpAddress } from '../../../../src/model/ip.ts';
import { readIp } from '../../../../src/kernel/ip-attribute.ts';
import { MessageReader } from '../../../../src/netlink/message-reader.ts';
import { MessageWriter } from '../../../../src/netlink/message-writer.ts';
import type { FakeKernel } from '../../../support/fake-transport.ts';
import { concatenate, refusal } from '../../../support/fake-transport.ts';

const noDevice = 19;
const exists = 17;
const notAvailable = 99;
const done = new Uint8Array(0);

interface FakeInterface {
  readonly name: string;
  readonly kind: string;
  readonly addresses: Set<IpAddress>;
  isUp: boolean;
}

/** Interfaces and addresses as the kernel keeps them, as far as the driver can tell. */
export class FakeAddressKernel {
  readonly interfaces = new Map<number, FakeInterface>();
  /** Errno of the next refusals, by address or by name of an interface to be made. */
  readonly refused = new Map<string, number>();
  /** Called before each change of an address. */
  beforeAddress: () => void = () => undefined;
  #nextIndex = 1;

  readonly answer: FakeKernel = (message) => {
    const reader = new MessageReader(message);
    reader.next();
    switch (reader.type) {
      case routeMessage.newLink:
        return linkIndex(reader) === 0 ? this.#create(reader) : this.#setFlags(reader);
      case routeMessage.getLink:
        return this.#find(reader);
      case routeMessage.getAddress:
        return this.#listAddresses();
      default:
        return this.#changeAddress(reader);
    }
  };

  add(name: string, kind: string, addresses: readonly string[] = [], isUp = false): number {
    const index = this.#nextIndex++;
    this.interfaces.set(index, { name, kind, addresses: new Set(addresses as readonly IpAddress[]), isUp });
    return index;
  }

  addressesOf(name: string): IpAddress[] {
    return [...(this.#byName(name)?.[1].addresses ?? [])];
  }

  remove(name: string): void {
    const found = this.#byName(name);
    if (found) this.interfaces.delete(found[0]);
  }

  #byName(name: string): [number, FakeInterface] | undefined {
    return [...this.interfaces].find(([, one]) => one.name === name);
  }

  #create(reader: MessageReader): Uint8Array {
    const name = linkName(reader);
    const errno = this.#byName(name) ? exists : this.refused.get(name);
    if (errno !== undefined) return refusal(errno);
    this.add(name, 'dummy');
    return done;
  }

  #find(reader: MessageReader): Uint8Array {
    const found = this.#byName(linkName(reader));
    if (!found) return refusal(noDevice);
    const [index, { name, kind, isUp }] = found;
    return reply(routeMessage.newLink, [0, index, isUp ? 0x83 : 0x82, 0], (writer) => {
      writer.string(3, name);
      const info = writer.openNest(18);
      if (kind) writer.string(1, kind);
      writer.closeNest(info);
    });
  }

  /** Going down costs an interface its IPv6 addresses. */
  #setFlags(reader: MessageReader): Uint8Array {
    const found = this.interfaces.get(linkIndex(reader));
    if (found === undefined) return refusal(noDevice);
    const errno = this.refused.get(found.name);
    if (errno !== undefined) return refusal(errno);
    const [flags, mask] = [8, 12].map((offset) => reader.view.getUint32(reader.payloadStart + offset, true));
    if (mask !== 1 || flags !== 0) throw new Error('only taking down is known');
    found.isUp = false;
    for (const address of found.addresses) if (address.includes(':')) found.addresses.delete(address);
    return done;
  }

  #listAddresses(): Uint8Array {
    const all = [...this.interfaces].flatMap(([index, { addresses }]) =>
      [...addresses].map((address) => addressReply(index, address)),
    );
    return concatenate(all);
  }

  #changeAddress(reader: MessageReader): Uint8Array {
    this.beforeAddress();
    const index = reader.view.getUint32(reader.payloadStart + 4, true);
    const attributes = reader.attributes(8);
    attributes.next();
    const address = readIp(attributes);
    const errno = this.refused.get(address);
    if (errno !== undefined) return refusal(errno);
    const addresses = this.interfaces.get(index)?.addresses;
    if (addresses === undefined) return refusal(noDevice);
    if (reader.type === routeMessage.deleteAddress) return addresses.delete(address) ? done : refusal(notAvailable);
    if (addresses.has(address)) return refusal(exists);
    addresses.add(address);
    return done;
  }
}

function linkIndex(reader: MessageReader): number {
  return reader.view.getUint32(reader.payloadStart + 4, true);
}

function linkName(reader: MessageReader): string {
  const attributes = reader.attributes(16);
  while (attributes.next()) if (attributes.type === 3) return attributes.string();
  return '';
}

function addressReply(index: number, address: IpAddress): Uint8Array {
  const family = address.includes(':') ? 10 : 2;
  return reply(routeMessage.newAddress, [family, index], (writer) => {
    if (family === 2) writer.ipv4(2, address, 4);
    else writer.raw(1, new Uint8Array(ipv6Bytes(address)));
  });
}

/** Enough for the addresses of these tests: groups, at most one `::`. */
function ipv6Bytes(address: string): number[] {
  const [head = '', tail = ''] = address.split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16)));
  const [first, last] = [groups(head), groups(tail)];
  const zeros = Array<number>(8 - first.length - last.length).fill(0);
  return [...first, ...zeros, ...last].flatMap((group) => [group >> 8, group & 255]);
}

function reply(type: number, header: readonly number[], write: (writer: MessageWriter) => void): Uint8Array {
  const writer = new MessageWriter();
  writer.reset();
  writer.begin(type, 0);
  for (const word of header) writer.headerWord(word);
  write(writer);
  writer.end();
  return writer.bytes.slice();
}
