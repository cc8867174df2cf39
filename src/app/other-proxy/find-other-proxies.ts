import type { ProxyConfig } from '../../config/config.ts';
import type { OtherProxy } from './other-proxy.ts';
import { proxiesOnPorts, proxyPorts } from './proxy-ports.ts';
import { proxyProcesses } from './proxy-processes.ts';

/**
 * Service proxies that are alive on this node, other than this process: those that answer on the ports of kube-proxy,
 * and those in the process table. `ownPorts` are those on which this process listens. One without ports and out of
 * sight of the process table is not found.
 */
export async function findOtherProxies(
  config: Pick<ProxyConfig, 'healthzBindAddress' | 'metricsBindAddress'>,
  ownPorts: readonly number[] = [],
): Promise<readonly OtherProxy[]> {
  const ports = proxyPorts(config).filter(({ port }) => !ownPorts.includes(port));
  return [...proxyProcesses(), ...(await proxiesOnPorts(ports))];
}
