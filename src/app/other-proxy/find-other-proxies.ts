import type { ProxyConfig } from '../../config/config.ts';
import type { OtherProxy } from './other-proxy.ts';
import { proxiesOnPorts, proxyPorts } from './proxy-ports.ts';
import { proxyProcesses } from './proxy-processes.ts';

/**
 * Service proxies that are alive on this node, other than this process: those that answer on the ports of kube-proxy,
 * and those in the process table. To be called while this process does not listen on these ports. One without ports
 * and out of sight of the process table is not found.
 */
export async function findOtherProxies(
  config: Pick<ProxyConfig, 'healthzBindAddress' | 'metricsBindAddress'>,
): Promise<readonly OtherProxy[]> {
  return [...proxyProcesses(), ...(await proxiesOnPorts(proxyPorts(config)))];
}
