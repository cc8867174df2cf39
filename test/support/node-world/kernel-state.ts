import type { Shell } from '../shell.ts';

const saves = ['iptables-nft-save', 'ip6tables-nft-save', 'iptables-legacy-save', 'ip6tables-legacy-save'];

/** Empties what belongs to Services: IPVS, the dummy interface, sets, rules of both flavours, tracked flows. */
export async function clearKernel(shell: Shell): Promise<void> {
  const legacy = ['iptables-legacy-restore', 'ip6tables-legacy-restore'].map(
    (restore) => `printf '${emptyTables}' | ${restore}`,
  );
  await shell.run(
    [
      'ipvsadm -C',
      'ip link del kube-ipvs0 2>/dev/null',
      'nft flush ruleset 2>/dev/null',
      ...legacy,
      'ipset destroy',
      'conntrack -F 2>/dev/null',
      'true',
    ].join('\n'),
  );
}

const emptyTables = ['nat', 'filter'].map((table) => `*${table}\\nCOMMIT\\n`).join('');

/** What the classic tools show of everything that a proxier programs, in an order that does not change. */
export interface KernelDump {
  readonly virtualServers: readonly string[];
  /** Addresses on `kube-ipvs0` with their prefix lengths, and the state of the interface. */
  readonly addresses: readonly string[];
  /** As `ipset save` prints them, without what the kernel chooses: hash and bucket sizes, initial values. */
  readonly sets: readonly string[];
  /** As the save programs print them, without counters and comments, by program. */
  readonly rules: Readonly<Record<string, readonly string[]>>;
  readonly sysctls: readonly string[];
}

const showInterface = "ip -br link show dev kube-ipvs0 2>/dev/null | awk '{print $1, $2}'";
const showAddresses = "ip -o address show dev kube-ipvs0 2>/dev/null | awk '{print $4}'";
const sysctls = [
  'net.ipv4.vs.conntrack',
  'net.ipv4.vs.expire_nodest_conn',
  'net.ipv4.vs.expire_quiescent_template',
  'net.ipv4.ip_forward',
];

/** Reads everything. Starts half a dozen programs. */
export async function dumpKernel(shell: Shell): Promise<KernelDump> {
  const lines = async (command: string) => (await shell.run(command)).split('\n').filter((line) => line !== '');
  const rules: Record<string, readonly string[]> = {};
  for (const save of saves) {
    const saved = await lines(`${save} 2>/dev/null`);
    rules[save] = saved.filter((line) => !line.startsWith('#')).map((line) => line.replace(/ \[\d+:\d+\]$/, ''));
  }
  return {
    virtualServers: (await lines('ipvsadm -Sn')).sort(),
    addresses: (await lines(`${showInterface}; ${showAddresses}`)).sort(),
    sets: (await lines('ipset save')).map((line) => line.replace(/ (?:hashsize|bucketsize|initval) \S+/g, '')).sort(),
    rules,
    sysctls: await lines(`sysctl ${sysctls.join(' ')}`),
  };
}
