// Modules of the kernel that Services need. Those that iptables loads for its rules are in `cli/check`, with what for.

/** Nothing works without these, in the order in which they are looked for. */
export const vitalModules = ['ip_vs', 'nf_conntrack', 'ip_set', 'xt_set'] as const;

/** Those of them that the daemon has loaded, and not iptables. */
export const loadedAtStart = ['ip_vs', 'ip_set', 'nf_conntrack'] as const;

/** For the interface that addresses of Services are bound to. */
export const interfaceModule = 'dummy';

/** Without it UDP flows cannot be removed. */
export const flowModule = 'nf_conntrack_netlink';

/** For the types of sets. */
export const setTypeModules = [
  'ip_set_hash_ip',
  'ip_set_hash_ipport',
  'ip_set_hash_ipportip',
  'ip_set_hash_ipportnet',
  'ip_set_bitmap_port',
] as const;

/** The module of a scheduler of IPVS. */
export function schedulerModule(scheduler: string): string {
  return `ip_vs_${scheduler}`;
}
