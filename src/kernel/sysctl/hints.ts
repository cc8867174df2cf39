/** Settings that appear with a kernel module, by the start of their name. */
const modules: readonly (readonly [prefix: string, module: string])[] = [
  ['net/ipv4/vs/', 'ip_vs'],
  ['net/netfilter/nf_conntrack', 'nf_conntrack'],
  ['net/bridge/', 'br_netfilter'],
];

/** Why a setting may be missing, and what to do about it. */
export function missingHint(name: string): string {
  const module = modules.find(([prefix]) => name.startsWith(prefix))?.[1];
  if (module !== undefined) {
    return `the kernel does not have this setting; module ${module} is not loaded; on the node: modprobe ${module}`;
  }
  if (name.startsWith('net/ipv6/')) return 'the kernel does not have this setting; IPv6 is disabled';
  return 'the kernel does not have this setting';
}

/** Why a setting could not be read or written, and what to do about it, by the name of the errno. */
export function writeHint(errnoName: string): string {
  switch (errnoName) {
    case 'EROFS':
      return '/proc/sys is read-only here; run the init container privileged, or set it on the node';
    case 'EACCES':
    case 'EPERM':
      return 'not permitted; run the init container privileged, or set it on the node';
    case 'EINVAL':
      return 'the kernel does not take this value';
    default:
      return '';
  }
}
