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
  #rest = '';
  #key: VirtualServerKey | undefined;
  #lines: string[] = [];
  #digest = emptyDigest;

  constructor(onServer: ScannedServerListener) {
    this.#onServer = onServer;
  }

  /** Takes the next piece of text. */
  push(piece: string): void {
    const text = this.#rest + piece;
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      this.#line(text, start, end);
      start = end + 1;
    }
    this.#rest = text.slice(start);
  }

  /** Delivers the last virtual server. */
  end(): void {
    const lines = this.#lines;
    if (this.#key !== undefined) {
      this.#onServer(this.#key, { digest: this.#digest, read: () => lines.map(readRealServer) });
    }
    this.#key = undefined;
    this.#lines = [];
    this.#digest = emptyDigest;
  }

  #line(text: string, start: number, end: number): void {
    if (text.startsWith('  -> ', start)) {
      if (this.#key === undefined) return;
      this.#lines.push(text.slice(start + 5, end));
      this.#digest = digestOf(text, start + 5, stableEnd(text, end), this.#digest);
      return;
    }
    this.end();
    const [protocol = '', endpoint = ''] = text.slice(start, end).split(/ +/, 2);
    if (!protocols.has(protocol)) return;
    const { address, port } = readEndpoint(endpoint);
    this.#key = virtualServerKey({ kind: 'address', protocol: protocol as Protocol, address, port });
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
