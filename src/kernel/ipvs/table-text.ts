import type { ForwardingMethod } from '../../model/real-server.ts';
import { realServerKey } from '../../model/real-server.ts';
import type { Protocol } from '../../model/service-key.ts';
import type { VirtualServerKey } from '../../model/virtual-server.ts';
import { virtualServerKey } from '../../model/virtual-server.ts';
import type { ScannedRealServer } from '../drivers.ts';
import { readEndpoint } from './endpoint-text.ts';

/** Real servers as the text has them, not read yet. */
interface RealServerText {
  /** Of the text without the numbers of connections: 32 bits, and others whenever one character differs. */
  readonly digest: number;
  /** To be called before the listener returns. */
  read(): readonly ScannedRealServer[];
}

/** Takes a virtual server of the text; firewall marks and other protocols than TCP, UDP and SCTP are left out. */
export type ScannedServerListener = (key: VirtualServerKey, realServers: RealServerText) => void;

/** Whatever else a real server does is printed as `Masq`. */
const forwardingMethods: Readonly<Record<string, ForwardingMethod>> = {
  Local: 'local',
  Tunnel: 'tunnel',
  Route: 'directRouting',
};

const protocols = new Set<string>(['TCP', 'UDP', 'SCTP']);

/**
 * Reads `/proc/net/ip_vs` piece by piece, however it was cut. Addresses and ports are hexadecimal there. Source:
 * linux/net/netfilter/ipvs/ip_vs_ctl.c, `ip_vs_info_seq_show`, read at 6.1.
 */
export class TableText {
  readonly #onServer: ScannedServerListener;
  /** The end of the last piece, a line that goes on in the next one. */
  #rest = '';
  #key: VirtualServerKey | undefined;
  /** Lines of real servers from earlier pieces, and where those of the piece at hand begin and end. */
  #lines: string[] = [];
  #ranges: number[] = [];
  #digest = emptyDigest;

  constructor(onServer: ScannedServerListener) {
    this.#onServer = onServer;
  }

  /** Takes the next piece of text. */
  push(piece: string): void {
    let start = 0;
    let end = piece.indexOf('\n');
    if (end < 0) {
      this.#rest += piece;
      return;
    }
    if (this.#rest !== '') {
      const line = this.#rest + piece.slice(0, end);
      this.#line(line, 0, line.length);
      this.#keepLines(line);
      start = end + 1;
      end = piece.indexOf('\n', start);
    }
    for (; end >= 0; end = piece.indexOf('\n', start)) {
      this.#line(piece, start, end);
      start = end + 1;
    }
    this.#keepLines(piece);
    this.#rest = piece.slice(start);
  }

  /** Delivers the last virtual server. */
  end(): void {
    this.#deliver('');
  }

  #line(text: string, start: number, end: number): void {
    if (text.startsWith('  -> ', start)) {
      if (this.#key === undefined) return;
      this.#ranges.push(start + 5, end);
      this.#digest = digestOf(text, start + 5, stableEnd(text, end), this.#digest);
      return;
    }
    this.#deliver(text);
    const [protocol = '', endpoint = ''] = text.slice(start, end).split(/ +/, 2);
    if (!protocols.has(protocol)) return;
    const { address, port } = readEndpoint(endpoint);
    this.#key = virtualServerKey({ kind: 'address', protocol: protocol as Protocol, address, port });
  }

  #deliver(text: string): void {
    if (this.#key !== undefined) {
      const read = () => {
        this.#keepLines(text);
        return this.#lines.map(readRealServer);
      };
      this.#onServer(this.#key, { digest: this.#digest, read });
    }
    this.#key = undefined;
    this.#lines.length = 0;
    this.#ranges.length = 0;
    this.#digest = emptyDigest;
  }

  /** Most lines are never looked at: only those that are have strings of their own. */
  #keepLines(text: string): void {
    for (let at = 0; at < this.#ranges.length; at += 2) {
      this.#lines.push(text.slice(this.#ranges[at], this.#ranges[at + 1]));
    }
    this.#ranges.length = 0;
  }
}

const emptyDigest = 0x811c9dc5 | 0;

/** Goes on with a digest (FNV-1a): most tables are as they were, and this costs a tenth of reading them. */
function digestOf(text: string, start: number, end: number, digest: number): number {
  let mixed = digest;
  for (let at = start; at < end; at++) mixed = Math.imul(mixed ^ text.charCodeAt(at), 0x01000193);
  return Math.imul(mixed ^ 0x0a, 0x01000193);
}

/** The numbers of connections end the line: two columns of ten places. A line that looks otherwise is stable as a whole. */
function stableEnd(text: string, end: number): number {
  const first = end - 21;
  const isAsKnown =
    isDigit(text, first) && isDigit(text, end - 10) && text[first - 1] === ' ' && text[end - 11] === ' ';
  return isAsKnown ? first : end;
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 0x30 && code <= 0x39;
}

function readRealServer(line: string): ScannedRealServer {
  const [endpoint = '', forwarding = '', weight, active, inactive] = line.split(/ +/);
  const { address, port } = readEndpoint(endpoint);
  return {
    key: realServerKey(address, port),
    forwarding: forwardingMethods[forwarding] ?? 'masquerade',
    weight: Number(weight),
    activeConnections: Number(active),
    inactiveConnections: Number(inactive),
  };
}
