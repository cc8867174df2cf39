/** A Service proxy that is alive on this node, by one sign of it. State in the kernel that it left is no sign. */
export interface OtherProxy {
  /** How it shows: it answers on a port, or it is in the process table. */
  readonly sign: 'port' | 'process';
  /** e.g. `kube-proxy`, or `ipvs-proxier` for another process of this program. */
  readonly name: string;
  /** What was seen, e.g. `127.0.0.1:10249 answers /proxyMode with ipvs`, `process 1234`. */
  readonly seen: string;
}

/** One line for all signs. */
export function describeProxies(proxies: readonly OtherProxy[]): string {
  return proxies.map(({ name, seen }) => `${name} (${seen})`).join(', ');
}
