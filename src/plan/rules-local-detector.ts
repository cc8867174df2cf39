import type { LocalDetection } from '../config/config.ts';
import type { Cidr, IpFamily } from '../model/ip.ts';
import { familyOf } from '../model/ip.ts';

/** Longest name of a network interface (`IFNAMSIZ` of `linux/if.h` less the final NUL). */
const maxInterfaceName = 15;

/** What the kernel takes as part of an interface name, less quotes and backslashes, which iptables would read as its own. */
const interfaceNamePattern = /^[^\s/:"'\\!+]+$/;

/**
 * The match for traffic that does not come from local pods, as iptables takes it; undefined when there is no network
 * of this family to tell by, or the name cannot be that of an interface. The CIDR modes use the first network of the
 * family. Pure. Source: KubeProxyConfiguration, `detectLocalMode`.
 */
export function detectLocal(
  detection: LocalDetection,
  family: IpFamily,
  nodePodCidrs: readonly Cidr[],
): string | undefined {
  switch (detection.mode) {
    case 'ClusterCIDR':
      return notFromNetwork(detection.clusterCidrs, family);
    case 'NodeCIDR':
      return notFromNetwork(nodePodCidrs, family);
    case 'BridgeInterface':
      return notFromInterface(detection.interfaceName, '');
    case 'InterfaceNamePrefix':
      return notFromInterface(detection.interfacePrefix, '+');
  }
}

function notFromNetwork(cidrs: readonly Cidr[], family: IpFamily): string | undefined {
  const own = cidrs.find((cidr) => familyOf(cidr) === family);
  return own === undefined ? undefined : `! -s ${own}`;
}

/** A prefix as long as a whole name is that name: there is no room for the wildcard, and none is needed. */
function notFromInterface(name: string, wildcard: '' | '+'): string | undefined {
  if (name.length > maxInterfaceName || !interfaceNamePattern.test(name)) return undefined;
  return `! -i ${name}${name.length === maxInterfaceName ? '' : wildcard}`;
}
