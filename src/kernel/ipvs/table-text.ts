import type { ForwardingMethod } from '../../model/real-server.ts';
import { realServerKey } from '../../model/real-server.ts';
import type { Protocol } from '../../model/service-key.ts';
import type { VirtualServerKey } from '../../model/virtual-server.ts';
import { virtualServerKey } from '../../model/virtual-server.ts';
import type { ScannedRealServer } from '../drivers.ts';
import { readEndpoint } from './endpoint-text.ts';

/** Takes a virtual server of the text; firewall marks and other protocols than TCP, UDP and SCTP are left out. */
export type ScannedServerListener = (key: VirtualServerKey, realServers: readonly ScannedRealServer[]) => void;

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
  #realServers: ScannedRealServer[] = [];

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
    if (this.#key !== undefined) this.#onServer(this.#key, this.#realServers);
    this.#key = undefined;
    this.#realServers = [];
  }

  #line(text: string, start: number, end: number): void {
    if (text.startsWith('  -> ', start)) {
      if (this.#key !== undefined) this.#realServers.push(readRealServer(text.slice(start + 5, end)));
      return;
    }
    this.end();
    const [protocol = '', endpoint = ''] = text.slice(start, end).split(/ +/, 2);
    if (!protocols.has(protocol)) return;
    const { address, port } = readEndpoint(endpoint);
    this.#key = virtualServerKey({ kind: 'address', protocol: protocol as Protocol, address, port });
  }
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
