import { closeSync, openSync, readSync } from 'node:fs';
import type { ForwardingMethod } from '../../model/real-server.ts';
import type { Protocol } from '../../model/service-key.ts';
import type { VirtualServerKey } from '../../model/virtual-server.ts';
import { virtualServerKey } from '../../model/virtual-server.ts';
import type { ListedRealServer } from '../drivers.ts';
import { DriverError } from '../errors.ts';
import { readEndpoint } from './endpoint-text.ts';

const protocols = new Set<string>(['TCP', 'UDP', 'SCTP']);
const lineFeed = 0x0a;
const blank = 0x20;
const bracket = 0x5b;
/** A line of a real server begins with `  -> `. */
const markLength = 5;
/** `0A600001:0050` */
const ipv4EndpointLength = 13;
/** No line with real servers is shorter: its end is looked for behind that. */
const shortestLine = 50;

/** Real servers over IPv4 as they lie in the text, one number in each list. */
export interface RealServerLines {
  readonly bytes: Uint8Array;
  /** Address and port: `address * 65536 + port`. */
  readonly endpoints: readonly number[];
  /** Where the forwarding method begins, which the other columns follow. */
  readonly columns: readonly number[];
  /** Where the next line begins. */
  readonly ends: readonly number[];
}

/**
 * The table as the kernel prints it: a small part of what netlink costs. Kept are the bytes; real servers are read when
 * they are asked for. Those of firewall marks are left out, for the text does not tell their family. Source:
 * linux/net/netfilter/ipvs/ip_vs_ctl.c, `ip_vs_info_seq_show`, read at 6.1.
 */
export class ListingText {
  readonly #bytes: Buffer;
  /** Where the line after that of the virtual server begins. */
  readonly #blocks = new Map<VirtualServerKey, number>();

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    for (let start = 0; start < bytes.length; start = this.#takeBlock(start));
  }

  /** Real servers of a virtual server in the kernel's order; empty for one that the text does not have. */
  realServersOf(key: VirtualServerKey): readonly ListedRealServer[] {
    const realServers: ListedRealServer[] = [];
    let start = this.#blocks.get(key) ?? this.#bytes.length;
    while (this.#bytes[start] === blank) {
      const end = this.#lineEnd(start);
      if (end >= this.#bytes.length) break;
      realServers.push(readRealServer(this.#bytes.toString('latin1', start + markLength, end)));
      start = end + 1;
    }
    return realServers;
  }

  /** The same as their lines lie in the text; undefined unless all of them are reached over IPv4. */
  linesOf(key: VirtualServerKey): RealServerLines | undefined {
    const lines = { bytes: this.#bytes, endpoints: [] as number[], columns: [] as number[], ends: [] as number[] };
    let start = this.#blocks.get(key) ?? this.#bytes.length;
    while (this.#bytes[start] === blank) {
      const at = start + markLength;
      if (this.#bytes[at] === bracket) return undefined;
      const end = this.#lineEnd(start);
      if (end >= this.#bytes.length) break;
      lines.endpoints.push(this.#hexadecimal(at, 8) * 65_536 + this.#hexadecimal(at + 9, 4));
      lines.columns.push(this.#afterBlanks(at + ipv4EndpointLength));
      lines.ends.push(end + 1);
      start = end + 1;
    }
    return lines;
  }

  /** A block is a line of a virtual server, or of the heading, with the lines of real servers after it. */
  #takeBlock(start: number): number {
    const bytes = this.#bytes;
    let next = endOfLine(bytes, start) + 1;
    const [protocol = '', endpoint = ''] = bytes.toString('latin1', start, next).split(/ +/, 2);
    const isWhole = next <= bytes.length;
    if (isWhole && protocols.has(protocol)) {
      const key = virtualServerKey({ kind: 'address', protocol: protocol as Protocol, ...readEndpoint(endpoint) });
      this.#blocks.set(key, next);
    }
    while (bytes[next] === blank) next = this.#lineEnd(next) + 1;
    return next;
  }

  /** Of the line of a real server. */
  #lineEnd(start: number): number {
    return endOfLine(this.#bytes, start + shortestLine);
  }

  #afterBlanks(start: number): number {
    let at = start;
    while (this.#bytes[at] === blank) at++;
    return at;
  }

  #hexadecimal(start: number, digits: number): number {
    let value = 0;
    for (let at = start; at < start + digits; at++) value = value * 16 + digitOf(this.#bytes[at] ?? 0);
    return value;
  }
}

/** Reads the text. Reading waits for no disk, so it is done at once. Throws `DriverError`. */
export function readListingText(path: string): ListingText {
  const file = attempt(path, () => openSync(path, 'r'));
  try {
    let bytes: Buffer = Buffer.allocUnsafeSlow(firstRoomBytes);
    let length = 0;
    for (;;) {
      const read = attempt(path, () => readSync(file, bytes, { offset: length }));
      if (read === 0) return new ListingText(bytes.subarray(0, length));
      length += read;
      if (length === bytes.length) bytes = Buffer.concat([bytes], 2 * length);
    }
  } finally {
    closeSync(file);
  }
}

/** Room for the text of a table of 10,000 virtual servers with 10 real servers; memory is taken as it fills. */
const firstRoomBytes = 8 * 1024 * 1024;

/** Where the line ends that `start` is in; the end of the text where it was cut off. */
function endOfLine(bytes: Buffer, start: number): number {
  let at = start;
  while (at < bytes.length && bytes[at] !== lineFeed) at++;
  return at;
}

/** Letters are upper case. */
function digitOf(code: number): number {
  return code < 0x40 ? code - 0x30 : code - 0x37;
}

/** `0A600001:0050      Masq    1      0          0         `, in columns that grow with their numbers. */
function readRealServer(line: string): ListedRealServer {
  const [endpoint = '', forwarding = '', weight, active, inactive] = line.split(/ +/);
  return {
    ...readEndpoint(endpoint),
    forwarding: forwardingMethods[forwarding.charAt(0)] ?? 'masquerade',
    weight: Number(weight),
    activeConnections: Number(active),
    inactiveConnections: Number(inactive),
  };
}

/** Told apart by the first letter; whatever else a real server does is printed as `Masq`. */
const forwardingMethods: Readonly<Record<string, ForwardingMethod>> = {
  L: 'local',
  T: 'tunnel',
  R: 'directRouting',
  B: 'bypass',
};

function attempt<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const errnoName = (error as NodeJS.ErrnoException).code ?? 'EIO';
    throw new DriverError('ipvs', `read ${path}`, { errnoName }, { cause: error });
  }
}
