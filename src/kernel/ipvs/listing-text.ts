import type { ForwardingMethod } from '../../model/real-server.ts';
import type { Protocol } from '../../model/service-key.ts';
import type { VirtualServerKey } from '../../model/virtual-server.ts';
import { virtualServerKey } from '../../model/virtual-server.ts';
import type { ListedRealServer } from '../drivers.ts';
import { readEndpoint } from './endpoint-text.ts';
import { readInSlices } from './read-in-slices.ts';

/** Real servers of a virtual server, in the kernel's order; empty for one that the text does not have. */
export type RealServersOf = (key: VirtualServerKey) => readonly ListedRealServer[];

const protocols = new Set<string>(['TCP', 'UDP', 'SCTP']);
const realServerMark = '  -> ';
const blank = 0x20;

/**
 * The real servers of all virtual servers that have an address, from the text of the table: a small part of what netlink
 * costs. Those of firewall marks are left out, for the text does not tell their family. Kept is the text; real servers
 * are made when they are asked for, for there may be many. Throws `DriverError`. Source:
 * linux/net/netfilter/ipvs/ip_vs_ctl.c, `ip_vs_info_seq_show`, read at 6.1.
 */
export async function readListedRealServers(path: string): Promise<RealServersOf> {
  const texts = new BlockTexts();
  for await (const piece of readInSlices(path)) texts.push(piece);
  texts.end();
  return (key) => readBlock(texts.blocks.get(key));
}

/** The lines of each virtual server, from pieces of text, however they were cut. */
class BlockTexts {
  readonly blocks = new Map<VirtualServerKey, string>();
  #rest = '';

  push(piece: string): void {
    const text = this.#rest + piece;
    let start = 0;
    for (let end = nextBlock(text, 0); end > 0; end = nextBlock(text, start)) {
      this.#take(text, start, end);
      start = end;
    }
    this.#rest = text.slice(start);
  }

  end(): void {
    this.#take(this.#rest, 0, this.#rest.length);
    this.#rest = '';
  }

  /** A block is a line of a virtual server, or of the heading, with the lines of real servers after it. */
  #take(text: string, start: number, end: number): void {
    const lineEnd = text.indexOf('\n', start);
    const [protocol = '', endpoint = ''] = text.slice(start, lineEnd).split(/ +/, 2);
    if (!protocols.has(protocol)) return;
    const key = virtualServerKey({ kind: 'address', protocol: protocol as Protocol, ...readEndpoint(endpoint) });
    this.blocks.set(key, text.slice(lineEnd + 1, end));
  }
}

/** Where the next line begins that is no real server's; 0 when the text does not tell yet. */
function nextBlock(text: string, start: number): number {
  for (let end = text.indexOf('\n', start); end >= 0; end = text.indexOf('\n', end + 1)) {
    if (end + 1 === text.length) return 0;
    if (text.charCodeAt(end + 1) !== blank) return end + 1;
  }
  return 0;
}

function readBlock(block = ''): readonly ListedRealServer[] {
  const realServers: ListedRealServer[] = [];
  for (let start = block.indexOf(realServerMark); start >= 0; start = block.indexOf(realServerMark, start)) {
    start += realServerMark.length;
    realServers.push(readRealServer(block, start));
  }
  return realServers;
}

/** `0A600001:0050      Masq    1      0          0         `, in columns that grow with their numbers. */
function readRealServer(text: string, start: number): ListedRealServer {
  const endpointEnd = text.indexOf(' ', start);
  const forwarding = afterBlanks(text, endpointEnd);
  const weight = afterBlanks(text, text.indexOf(' ', forwarding));
  const active = afterBlanks(text, text.indexOf(' ', weight));
  const inactive = afterBlanks(text, text.indexOf(' ', active));
  return {
    ...readEndpoint(text.slice(start, endpointEnd)),
    forwarding: forwardingMethod(text, forwarding),
    weight: readDecimal(text, weight),
    activeConnections: readDecimal(text, active),
    inactiveConnections: readDecimal(text, inactive),
  };
}

function afterBlanks(text: string, start: number): number {
  let at = start;
  while (text.charCodeAt(at) === blank) at++;
  return at;
}

function readDecimal(text: string, start: number): number {
  let value = 0;
  for (let at = start; ; at++) {
    const digit = text.charCodeAt(at) - 0x30;
    if (!(digit >= 0 && digit <= 9)) return value;
    value = value * 10 + digit;
  }
}

/** As the kernel prints them: told apart by the first letter; whatever else a real server does is printed as `Masq`. */
function forwardingMethod(text: string, start: number): ForwardingMethod {
  return forwardingMethods[text.charAt(start)] ?? 'masquerade';
}

const forwardingMethods: Readonly<Record<string, ForwardingMethod>> = {
  L: 'local',
  T: 'tunnel',
  R: 'directRouting',
  B: 'bypass',
};
