import { closeSync, openSync, readSync } from 'node:fs';
import type { ForwardingMethod } from '../../model/real-server.ts';
import type { Protocol } from '../../model/service-key.ts';
import type { VirtualServer, VirtualServerIdentity, VirtualServerKey } from '../../model/virtual-server.ts';
import { virtualServerKey } from '../../model/virtual-server.ts';
import type { ListedRealServer } from '../drivers.ts';
import { attemptReading } from './attempt-reading.ts';
import { readEndpoint } from './endpoint-text.ts';

/** By the number of the first letter. */
const protocols: Readonly<Record<number, Protocol>> = { 0x54: 'TCP', 0x55: 'UDP', 0x53: 'SCTP' };
/** Makes numbers of endpoints differ by protocol. */
const protocolBase = { TCP: 0, UDP: 2 ** 48, SCTP: 2 ** 49 } as const;
const lineFeed = 0x0a;
const blank = 0x20;
const bracket = 0x5b;
/** A line of a real server begins with `  -> `. */
const markLength = 5;
/** `0A600001:0050` */
const ipv4EndpointLength = 13;
/** No line with a real server is shorter: its end is looked for behind that. */
const shortestLine = 50;

/** Numbers of the real servers of a virtual server, which follow each other. */
export interface RealServerRange {
  readonly start: number;
  readonly end: number;
}

/**
 * The table as the kernel prints it: a small part of what netlink costs. Kept are some bytes of each real server, for
 * there may be many; nearly all of them have the same columns behind their endpoint. Those of firewall marks are left
 * out, for the text does not tell their family. Source: linux/net/netfilter/ipvs/ip_vs_ctl.c, `ip_vs_info_seq_show`,
 * read at 6.1.
 */
export class ListingText {
  /** Number of the block of each virtual server over IPv4, and of each of the others. */
  readonly #blocks = new Map<number, number>();
  readonly #otherBlocks = new Map<VirtualServerKey, number>();
  /** Number of the first real server of each block. */
  readonly #starts: number[] = [];
  readonly #endpoints = new NumberList();
  /** Numbers in `#columns`. */
  readonly #columnsOf = new NumberList();
  readonly #columns: Uint8Array[] = [];
  readonly #columnsByText = new Map<string, number>();
  readonly #parsedColumns: Columns[] = [];
  /** Endpoints of real servers over IPv6, whose numbers are negative. */
  readonly #texts: string[] = [];

  /** Takes whole lines from the beginning of these bytes; returns where the first line begins that is cut off. */
  push(bytes: Buffer, length: number): number {
    let start = 0;
    for (;;) {
      const isRealServer = bytes[start] === blank;
      const end = endOfLine(bytes, isRealServer ? start + shortestLine : start, length);
      if (end >= length) return start;
      if (isRealServer) this.#takeRealServer(bytes, start + markLength, end + 1);
      else this.#takeVirtualServer(bytes, start, end);
      start = end + 1;
    }
  }

  /**
   * Whether the text has each of these, but for firewall marks. It lacks some where another network namespace has
   * virtual servers too: whenever the kernel goes on with the text it passes over as many of ours as it has seen of others.
   */
  hasAll(virtualServers: readonly VirtualServer[]): boolean {
    return virtualServers.every(
      ({ identity }) => identity.kind === 'firewallMark' || this.#blockOf(identity) !== undefined,
    );
  }

  /** Real servers of a virtual server in the kernel's order; empty for one that the text does not have. */
  realServersOf(identity: VirtualServerIdentity): readonly ListedRealServer[] {
    const { start, end } = this.rangeOf(identity);
    return Array.from({ length: end - start }, (_, offset) => this.#realServer(start + offset));
  }

  /** The same as numbers of real servers. */
  rangeOf(identity: VirtualServerIdentity): RealServerRange {
    const block = this.#blockOf(identity);
    if (block === undefined) return nothing;
    return { start: this.#starts[block] ?? 0, end: this.#starts[block + 1] ?? this.#endpoints.length };
  }

  /** Address and port of a real server over IPv4, `address * 65536 + port`; negative for one over IPv6. */
  endpointAt(index: number): number {
    return this.#endpoints.at(index);
  }

  /** The rest of its line: forwarding method and other columns, with the line feed. */
  columnsAt(index: number): Uint8Array {
    return this.#columns[this.#columnsOf.at(index)] ?? noColumns;
  }

  #blockOf(identity: VirtualServerIdentity): number | undefined {
    const number = numberOf(identity);
    return number === undefined ? this.#otherBlocks.get(virtualServerKey(identity)) : this.#blocks.get(number);
  }

  /** `TCP  0A600001:0050 rr  `; lines of the heading and of firewall marks are passed over. */
  #takeVirtualServer(bytes: Buffer, start: number, end: number): void {
    const block = this.#starts.push(this.#endpoints.length) - 1;
    const protocol = protocols[bytes[start] ?? 0];
    const blankAt = start + (protocol?.length ?? 0);
    if (protocol === undefined || bytes[blankAt] !== blank) return;
    const at = afterBlanks(bytes, blankAt);
    if (bytes[at] !== bracket) {
      this.#blocks.set(protocolBase[protocol] + readEndpointNumber(bytes, at), block);
    } else {
      const endpoint = bytes.toString('latin1', at, Math.min(end, bytes.indexOf(blank, at)));
      this.#otherBlocks.set(virtualServerKey({ kind: 'address', protocol, ...readEndpoint(endpoint) }), block);
    }
  }

  /** `start` is that of the endpoint. The heading has such a line too, before any virtual server. */
  #takeRealServer(bytes: Buffer, start: number, end: number): void {
    let at = start + ipv4EndpointLength;
    if (bytes[start] === bracket) {
      at = bytes.indexOf(blank, start);
      this.#endpoints.push(-1 - this.#texts.length);
      this.#texts.push(bytes.toString('latin1', start, at));
    } else {
      this.#endpoints.push(readEndpointNumber(bytes, start));
    }
    this.#columnsOf.push(this.#columnsNumber(bytes, afterBlanks(bytes, at), end));
  }

  /** Mostly those of the real server before. */
  #columnsNumber(bytes: Buffer, start: number, end: number): number {
    const { last } = this.#columnsOf;
    const known = this.#columns[last];
    if (known !== undefined && isSame(bytes, start, end, known)) return last;
    const text = bytes.toString('latin1', start, end);
    const number = this.#columnsByText.get(text) ?? this.#columns.push(Buffer.from(text, 'latin1')) - 1;
    this.#columnsByText.set(text, number);
    return number;
  }

  #realServer(index: number): ListedRealServer {
    const number = this.#columnsOf.at(index);
    const known = this.#parsedColumns[number] ?? parseColumns(this.#columns[number] ?? noColumns);
    this.#parsedColumns[number] = known;
    return { ...this.#endpoint(this.#endpoints.at(index)), ...known };
  }

  #endpoint(endpoint: number): Pick<ListedRealServer, 'address' | 'port'> {
    if (endpoint < 0) return readEndpoint(this.#texts[-1 - endpoint] ?? '');
    const port = endpoint % 65_536;
    const address = (endpoint - port) / 65_536;
    return readEndpoint(`${upperHexadecimal(address, 8)}:${upperHexadecimal(port, 4)}`);
  }
}

type Columns = Omit<ListedRealServer, 'address' | 'port'>;

/** `Masq    1      0          0         `, in columns that grow with their numbers. */
function parseColumns(bytes: Uint8Array): Columns {
  const [forwarding = '', weight, active, inactive] = Buffer.from(bytes).toString('latin1').split(/ +/);
  return {
    forwarding: forwardingMethods[forwarding.charAt(0)] ?? 'masquerade',
    weight: Number(weight),
    activeConnections: Number(active),
    inactiveConnections: Number(inactive),
  };
}

const noColumns = new Uint8Array(0);
const nothing: RealServerRange = { start: 0, end: 0 };

/** A virtual server over IPv4 as a number; undefined for any other. */
function numberOf(identity: VirtualServerIdentity): number | undefined {
  if (identity.kind !== 'address' || identity.address.includes(':')) return undefined;
  let address = 0;
  let byte = 0;
  for (let at = 0; at < identity.address.length; at++) {
    const digit = identity.address.charCodeAt(at) - 0x30;
    if (digit >= 0) {
      byte = byte * 10 + digit;
    } else {
      address = address * 256 + byte;
      byte = 0;
    }
  }
  return protocolBase[identity.protocol] + (address * 256 + byte) * 65_536 + identity.port;
}

/** Told apart by the first letter; whatever else a real server does is printed as `Masq`. */
const forwardingMethods: Readonly<Record<string, ForwardingMethod>> = {
  L: 'local',
  T: 'tunnel',
  R: 'directRouting',
  B: 'bypass',
};

/** Reads the text. Reading waits for no disk, so it is done at once. Throws `DriverError`. */
export function readListingText(path: string): ListingText {
  const file = attemptReading(path, () => openSync(path, 'r'));
  try {
    const text = new ListingText();
    const bytes = Buffer.allocUnsafe(roomBytes);
    let kept = 0;
    for (;;) {
      const read = attemptReading(path, () => readSync(file, bytes, { offset: kept }));
      if (read === 0) return text;
      const taken = text.push(bytes, kept + read);
      bytes.copyWithin(0, taken, kept + read);
      kept += read - taken;
    }
  } finally {
    closeSync(file);
  }
}

/** The kernel hands out a page or a block at a time; a line is much shorter. */
const roomBytes = 64 * 1024;

/** Numbers in blocks, which need not be copied to make room for more. */
class NumberList {
  readonly #blocks: Float64Array[] = [];
  #lastBlock = new Float64Array(0);
  length = 0;
  /** NaN when there is none. */
  last = Number.NaN;

  push(value: number): void {
    const index = this.length & blockMask;
    if (index === 0) {
      this.#lastBlock = new Float64Array(blockMask + 1);
      this.#blocks.push(this.#lastBlock);
    }
    this.#lastBlock[index] = value;
    this.last = value;
    this.length += 1;
  }

  at(index: number): number {
    return this.#blocks[index >>> blockBits]?.[index & blockMask] ?? Number.NaN;
  }
}

const blockBits = 12;
const blockMask = 2 ** blockBits - 1;

function isSame(bytes: Buffer, start: number, end: number, known: Uint8Array): boolean {
  if (end - start !== known.length) return false;
  for (let at = 0; at < known.length; at++) if (bytes[start + at] !== known[at]) return false;
  return true;
}

/** Where the line ends that `start` is in; `length` or more where it was cut off. */
function endOfLine(bytes: Buffer, start: number, length: number): number {
  let at = start;
  while (at < length && bytes[at] !== lineFeed) at++;
  return at;
}

function afterBlanks(bytes: Buffer, start: number): number {
  let at = start;
  while (bytes[at] === blank) at++;
  return at;
}

/** `0A600001:0050` as `address * 65536 + port`. */
function readEndpointNumber(bytes: Buffer, start: number): number {
  return hexadecimal(bytes, start, 8) * 65_536 + hexadecimal(bytes, start + 9, 4);
}

/** Letters are upper case. */
function hexadecimal(bytes: Buffer, start: number, digits: number): number {
  let value = 0;
  for (let at = start; at < start + digits; at++) {
    const code = bytes[at] ?? 0;
    value = value * 16 + (code < 0x40 ? code - 0x30 : code - 0x37);
  }
  return value;
}

function upperHexadecimal(value: number, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, '0');
}
