/** Capabilities of Linux by number. Source: linux/capability.h, read at 6.12. */
// biome-ignore format: the numbers are easier to follow in rows
export const capabilityNames = [
  'CHOWN', 'DAC_OVERRIDE', 'DAC_READ_SEARCH', 'FOWNER', 'FSETID', 'KILL', 'SETGID',
  'SETUID', 'SETPCAP', 'LINUX_IMMUTABLE', 'NET_BIND_SERVICE', 'NET_BROADCAST', 'NET_ADMIN', 'NET_RAW',
  'IPC_LOCK', 'IPC_OWNER', 'SYS_MODULE', 'SYS_RAWIO', 'SYS_CHROOT', 'SYS_PTRACE', 'SYS_PACCT',
  'SYS_ADMIN', 'SYS_BOOT', 'SYS_NICE', 'SYS_RESOURCE', 'SYS_TIME', 'SYS_TTY_CONFIG', 'MKNOD',
  'LEASE', 'AUDIT_WRITE', 'AUDIT_CONTROL', 'SETFCAP', 'MAC_OVERRIDE', 'MAC_ADMIN', 'SYSLOG',
  'WAKE_ALARM', 'BLOCK_SUSPEND', 'AUDIT_READ', 'PERFMON', 'BPF', 'CHECKPOINT_RESTORE',
] as const;

export type Capability = (typeof capabilityNames)[number];

/** A set of capabilities, as the kernel shows it: bit n is capability n. */
export function capabilitySet(names: readonly Capability[]): bigint {
  return names.reduce((set, name) => set | (1n << BigInt(capabilityNames.indexOf(name))), 0n);
}

/**
 * What the daemon needs once it works. NET_ADMIN: IPVS, IP sets, addresses, rules, tracked flows. NET_RAW: iptables asks
 * for IP sets over a raw socket. NET_BIND_SERVICE: health check ports and listeners below 1024, where there are any.
 */
export const neededCapabilities = capabilitySet(['NET_BIND_SERVICE', 'NET_ADMIN', 'NET_RAW']);

/** What is to be done about the rights of this process. */
export interface PrivilegePlan {
  /** Capabilities that it, or a program that it starts, has or could get, and that are not needed; sorted by number. */
  readonly surplus: readonly string[];
  /** Capabilities in force. */
  readonly effective: bigint;
}

const heldFields = ['CapInh', 'CapPrm', 'CapEff', 'CapAmb'];

/**
 * Plans from `/proc/self/status`. The bounding set counts only where the process may change it (SETPCAP): without that
 * it stays, and gives nothing to a process with no_new_privs. A kernel that does not tell has no surplus.
 */
export function planPrivileges(status: string, needed = neededCapabilities): PrivilegePlan {
  const setOf = (field: string) =>
    BigInt(`0x${new RegExp(`^${field}:\\s*([\\da-f]+)$`, 'm').exec(status)?.[1] ?? '0'}`);
  const effective = setOf('CapEff');
  const held = heldFields.reduce((union, field) => union | setOf(field), 0n);
  const bounding = (effective & capabilitySet(['SETPCAP'])) === 0n ? 0n : setOf('CapBnd');
  return { surplus: namesIn((held | bounding) & ~needed), effective };
}

/** Names of the capabilities of a set; one that is newer than this program goes by its number. */
export function namesIn(set: bigint): readonly string[] {
  const names: string[] = [];
  for (let number = 0; set >> BigInt(number) > 0n; number += 1) {
    if ((set >> BigInt(number)) & 1n) names.push(capabilityNames[number] ?? String(number));
  }
  return names;
}
