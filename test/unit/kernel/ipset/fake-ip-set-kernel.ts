import {
  commandAttribute,
  headerAttribute,
  ipSetMessage,
  netfilterHeaderBytes,
} from '../../../../src/kernel/ipset/attributes.ts';
import { decodeSets } from '../../../../src/kernel/ipset/decode.ts';
import { messageFlags, messageHeaderBytes } from '../../../../src/netlink/constants.ts';
import type { AttributeReader } from '../../../../src/netlink/message-reader.ts';
import { MessageReader } from '../../../../src/netlink/message-reader.ts';
import { MessageWriter } from '../../../../src/netlink/message-writer.ts';
import type { FakeKernel } from '../../../support/fake-transport.ts';
import { refusal } from '../../../support/fake-transport.ts';

const protocolError = 4097;
const findType = 4098;
const busy = 4100;
const secondNameExists = 4101;
const typeMismatch = 4102;
const notInSet = 4103;
const hashFull = 4352;
const missing = 2;
const exists = 17;
const done = new Uint8Array(0);

interface FakeSet {
  name: string;
  readonly type: string;
  readonly family: number;
  readonly revision: number;
  readonly maxElements: number;
  readonly hashSize: number;
  isReferred: boolean;
  /** Payload of each entry's DATA, by its text. */
  readonly entries: Map<string, Uint8Array>;
}

interface Request {
  readonly flags: number;
  readonly name: string;
  readonly second: string;
  readonly family: number;
  readonly revision: number;
  readonly header: ReadonlyMap<number, number>;
  readonly entries: readonly Uint8Array[];
  /** A list without entries is asked for. */
  readonly isTerse: boolean;
  /** Payload of DATA: the entry of a test. */
  readonly data: Uint8Array;
}

/** IP sets as the kernel keeps them, as far as the driver can tell: see the refusals above. */
export class FakeIpSetKernel {
  /** Texts of entries that are refused. */
  readonly refused = new Set<string>();
  readonly #sets = new Map<string, FakeSet>();
  readonly #revision: number;
  readonly #types: readonly string[] | undefined;

  constructor(options: { readonly revision?: number; readonly types?: readonly string[] } = {}) {
    this.#revision = options.revision ?? 8;
    this.#types = options.types;
  }

  readonly answer: FakeKernel = (message) => {
    const reader = new MessageReader(message);
    reader.next();
    const request = readRequest(reader);
    switch (reader.type) {
      case ipSetMessage.type:
        return this.#typeReply(request.second);
      case ipSetMessage.create:
        return this.#create(request);
      case ipSetMessage.header:
      case ipSetMessage.list:
        return this.#describe(reader.type, request);
      case ipSetMessage.add:
      case ipSetMessage.delete:
        return this.#change(message, reader.type === ipSetMessage.add, request);
      case ipSetMessage.test:
        return this.#test(request);
      case ipSetMessage.swap:
        return this.#swap(request);
      case ipSetMessage.rename:
        return this.#rename(request);
      case ipSetMessage.destroy:
        return this.#destroy(request);
      default:
        return refusal(22);
    }
  };

  names(): string[] {
    return [...this.#sets.keys()].sort();
  }

  set(name: string): FakeSet | undefined {
    return this.#sets.get(name);
  }

  texts(name: string): string[] {
    return [...(this.#sets.get(name)?.entries.keys() ?? [])].sort();
  }

  /** From now on a rule refers to the set. */
  referTo(name: string): void {
    const set = this.#sets.get(name);
    if (set) set.isReferred = true;
  }

  #typeReply(type: string): Uint8Array {
    if (this.#types && !this.#types.includes(type)) return refusal(findType);
    return reply(ipSetMessage.type, (writer) => writer.u8(commandAttribute.revision, this.#revision));
  }

  #create(request: Request): Uint8Array {
    const maxElements = request.header.get(headerAttribute.maxElements) ?? 65536;
    const present = this.#sets.get(request.name);
    if (present) {
      const isExclusive = (request.flags & messageFlags.exclusive) !== 0;
      const isSame = present.type === request.second && present.maxElements === maxElements;
      return isSame && !isExclusive ? done : refusal(exists);
    }
    this.#sets.set(request.name, {
      name: request.name,
      type: request.second,
      family: request.family,
      revision: request.revision,
      maxElements,
      hashSize: request.header.get(headerAttribute.hashSize) ?? 0,
      isReferred: false,
      entries: new Map(),
    });
    return done;
  }

  #describe(messageType: number, { name, isTerse }: Request): Uint8Array {
    const set = this.#sets.get(name);
    if (!set) return refusal(missing);
    return isTerse ? describe(messageType, set, undefined) : describe(messageType, set, [...set.entries.values()]);
  }

  #change(message: Uint8Array, isAddition: boolean, request: Request): Uint8Array {
    const set = this.#sets.get(request.name);
    if (!set) return refusal(missing);
    for (const [place, data] of request.entries.entries()) {
      const text = decodeSets(describe(ipSetMessage.list, set, [data]))[0]?.entries[0]?.text ?? '';
      if (this.refused.has(text)) return refusedLine(message, protocolError, place + 1);
      if (!isAddition) set.entries.delete(text);
      else if (set.entries.has(text) || set.entries.size < set.maxElements) set.entries.set(text, data);
      else return refusedLine(message, hashFull, place + 1);
    }
    return done;
  }

  #test(request: Request): Uint8Array {
    const set = this.#sets.get(request.name);
    if (!set) return refusal(missing);
    const text = decodeSets(describe(ipSetMessage.list, set, [request.data]))[0]?.entries[0]?.text;
    if (text === undefined) return refusal(protocolError);
    return set.entries.has(text) ? done : refusal(notInSet);
  }

  #swap(request: Request): Uint8Array {
    const first = this.#sets.get(request.name);
    const second = this.#sets.get(request.second);
    if (!first || !second) return refusal(first ? secondNameExists : missing);
    if (first.type !== second.type || first.family !== second.family) return refusal(typeMismatch);
    [first.isReferred, second.isReferred] = [second.isReferred, first.isReferred];
    this.#sets.set(request.name, second).set(request.second, first);
    return done;
  }

  #rename(request: Request): Uint8Array {
    const set = this.#sets.get(request.name);
    if (!set) return refusal(missing);
    if (this.#sets.has(request.second)) return refusal(secondNameExists);
    this.#sets.delete(request.name);
    this.#sets.set(request.second, set);
    return done;
  }

  #destroy(request: Request): Uint8Array {
    if (this.#sets.get(request.name)?.isReferred) return refusal(busy);
    this.#sets.delete(request.name);
    return done;
  }
}

function readRequest(message: MessageReader): Request {
  const numbers = new Map<number, number>();
  const names = new Map<number, string>();
  let header: ReadonlyMap<number, number> = new Map();
  let entries: readonly Uint8Array[] = [];
  let isTerse = false;
  let data: Uint8Array = new Uint8Array(0);
  const attributes = message.attributes(netfilterHeaderBytes);
  while (attributes.next()) {
    const { type } = attributes;
    if (type === commandAttribute.setName || type === commandAttribute.typeName) names.set(type, attributes.string());
    else if (type === commandAttribute.data) {
      header = readNumbers(attributes.nested());
      data = attributes.bytes().slice();
    } else if (type === commandAttribute.entries) entries = readPayloads(attributes.nested());
    else if (type === commandAttribute.flags) isTerse = attributes.u32Network() === 4;
    else if (attributes.length === 1) numbers.set(type, attributes.u8());
  }
  return {
    flags: message.flags,
    name: names.get(commandAttribute.setName) ?? '',
    second: names.get(commandAttribute.typeName) ?? '',
    family: numbers.get(commandAttribute.family) ?? 0,
    revision: numbers.get(commandAttribute.revision) ?? 0,
    header,
    entries,
    isTerse,
    data,
  };
}

function readNumbers(attributes: AttributeReader): ReadonlyMap<number, number> {
  const numbers = new Map<number, number>();
  while (attributes.next()) if (attributes.length === 4) numbers.set(attributes.type, attributes.u32Network());
  return numbers;
}

function readPayloads(attributes: AttributeReader): readonly Uint8Array[] {
  const payloads: Uint8Array[] = [];
  while (attributes.next()) payloads.push(attributes.bytes().slice());
  return payloads;
}

/** Without entries it has their number. */
function describe(messageType: number, set: FakeSet, entries: readonly Uint8Array[] | undefined): Uint8Array {
  return reply(messageType, (writer) => {
    writer.string(commandAttribute.setName, set.name);
    writer.string(commandAttribute.typeName, set.type);
    writer.u8(commandAttribute.family, set.family);
    const header = writer.openNest(commandAttribute.data);
    writer.u32Network(headerAttribute.maxElements, set.maxElements);
    if (entries === undefined) writer.u32Network(headerAttribute.elements, set.entries.size);
    writer.closeNest(header);
    if (entries === undefined) return;
    const list = writer.openNest(commandAttribute.entries);
    for (const data of entries) writer.raw(commandAttribute.data, data);
    writer.closeNest(list);
  });
}

function reply(type: number, write: (writer: MessageWriter) => void): Uint8Array {
  const writer = new MessageWriter();
  writer.reset();
  writer.begin(type, 0);
  writer.header4(2, 0, 0, 0);
  write(writer);
  writer.end();
  return writer.bytes.slice();
}

/** The refusal of one entry: the request with the line number put over the one it had. */
function refusedLine(message: Uint8Array, errno: number, line: number): Uint8Array {
  const echoed = Buffer.from(message);
  echoed.writeUInt32BE(line, echoed.indexOf(Buffer.from('08000940', 'hex')) + 4);
  const bytes = Buffer.alloc(messageHeaderBytes + 4 + echoed.length);
  bytes.writeUInt32LE(bytes.length, 0);
  bytes.writeUInt16LE(2, 4);
  bytes.writeInt32LE(-errno, messageHeaderBytes);
  echoed.copy(bytes, messageHeaderBytes + 4);
  return new Uint8Array(bytes);
}
