import { existsSync } from 'node:fs';
import type { AddressDriver, ConntrackDriver, IpSetDriver, IpvsDriver, SysctlDriver } from '../../kernel/drivers.ts';
import { createAddressDriver } from '../../kernel/address/driver.ts';
import { createConntrackDriver } from '../../kernel/conntrack/driver.ts';
import { createIpSetDriver } from '../../kernel/ipset/driver.ts';
import { createIpvsDriver, type IpvsKernelDriver } from '../../kernel/ipvs/driver.ts';
import { IptablesRulesDriver } from '../../kernel/rules/driver.ts';
import type { SavedRules } from '../../kernel/rules/parse-save.ts';
import { type CommandRunner, commandRunner } from '../../kernel/rules/run-command.ts';
import { createSysctlDriver } from '../../kernel/sysctl/driver.ts';
import type { ProxierSettings } from '../../config/config.ts';
import { type IpAddress, type IpFamily, ipFamilies } from '../../model/ip.ts';
import { AddonLoadError, loadNetlinkAddon } from '../../native/addon.ts';
import { openAddonTransport } from '../../netlink/connection.ts';
import { netlinkProtocol } from '../../netlink/constants.ts';
import { resolveGenericFamily } from '../../netlink/generic-family.ts';
import { loadPackageTransport } from '../../netlink/package-transport.ts';
import type { Transport } from '../../netlink/transport.ts';

/** The kernel of a node as it can be read; nothing here writes. */
export interface NodeView {
  readonly ipvs: Pick<IpvsDriver, 'list' | 'scan' | 'listRealServers' | 'timeouts'> &
    Pick<IpvsKernelDriver, 'findVirtualServer'>;
  readonly address: Pick<AddressDriver, 'list' | 'listNodeAddresses'> & { hasInterface(): Promise<boolean> };
  readonly ipset: Pick<IpSetDriver, 'list'>;
  readonly conntrack: Pick<ConntrackDriver, 'listUdpFlows'>;
  readonly rules: SavedRulesReader;
  /** Settings under /proc/sys and under /sys; undefined for what is not there. */
  readonly sysctl: Pick<SysctlDriver, 'read'>;
  readonly sysfs: Pick<SysctlDriver, 'read'>;
  /** Parts that this node does not have; they count as empty. */
  readonly absent: readonly string[];
  /** Parts that are there and cannot be read, and why; they count as empty too. */
  readonly unread: readonly string[];
  close(): void;
}

/** Packet filter rules as they are. */
interface SavedRulesReader {
  /** Families with a packet filter that can be read. */
  families(): Promise<readonly IpFamily[]>;
  /** Read once. */
  saved(family: IpFamily): Promise<SavedRules | undefined>;
}

/**
 * Opens the kernel for reading. A part that is not there, or may not be read, is told and counts as empty; modules are
 * not loaded for it.
 */
export async function openNodeView(flavour: ProxierSettings['iptablesFlavour']): Promise<NodeView> {
  const open = await opener();
  const transports: Transport[] = [];
  const opened = (protocol: number, dumps: 'large' | 'small' = 'large') => {
    const transport = open(protocol, dumps);
    transports.push(transport);
    return transport;
  };
  const gaps: Gaps = { absent: [], unread: [] };
  const ipvs = await openIpvs(opened, gaps);
  const address = createAddressDriver({ transport: opened(netlinkProtocol.route) });
  const hasInterface = async () => {
    await address.list();
    return address.interfaceIndex !== undefined;
  };
  return {
    ipvs,
    address: {
      list: () => address.list(),
      listNodeAddresses: () => address.listNodeAddresses(),
      hasInterface,
    },
    ipset: await openIpSets(opened, gaps),
    conntrack:
      existsSync('/proc/net/nf_conntrack') || existsSync('/proc/sys/net/netfilter/nf_conntrack_max')
        ? createConntrackDriver({ transport: opened(netlinkProtocol.netfilter) })
        : { listUdpFlows: async () => [] },
    rules: await openRules(flavour, gaps),
    sysctl: createSysctlDriver(),
    sysfs: createSysctlDriver({ root: '/sys' }),
    ...gaps,
    close: () => {
      for (const transport of transports) transport.close();
    },
  };
}

/** A node about whose kernel nothing is known but its addresses. */
export function emptyNodeView(nodeAddresses: readonly IpAddress[]): NodeView {
  return {
    ipvs: emptyIpvs,
    address: { list: async () => [], listNodeAddresses: async () => nodeAddresses, hasInterface: async () => false },
    ipset: { list: async () => [] },
    conntrack: { listUdpFlows: async () => [] },
    rules: { families: async () => ipFamilies, saved: async () => undefined },
    sysctl: { read: () => undefined },
    sysfs: { read: () => undefined },
    absent: [],
    unread: [],
    close() {},
  };
}

const emptyIpvs: NodeView['ipvs'] = {
  list: async () => [],
  scan: async () => {},
  listRealServers: async (servers) => servers.map(() => []),
  timeouts: async () => ({ tcpSeconds: 0, tcpFinSeconds: 0, udpSeconds: 0 }),
  findVirtualServer: async () => undefined,
};

interface Gaps {
  readonly absent: string[];
  readonly unread: string[];
}

type Open = (protocol: number, dumps?: 'large' | 'small') => Transport;

async function opener(): Promise<(protocol: number, dumps: 'large' | 'small') => Transport> {
  try {
    const addon = loadNetlinkAddon();
    return (protocol, dumps) => openAddonTransport({ addon, protocol, dumps });
  } catch (error) {
    if (!(error instanceof AddonLoadError)) throw error;
    return await loadPackageTransport();
  }
}

/** Asking for the family would load the module. */
async function openIpvs(open: Open, gaps: Gaps): Promise<NodeView['ipvs']> {
  if (!existsSync('/proc/net/ip_vs')) {
    gaps.absent.push('IPVS: the module ip_vs is not loaded');
    return emptyIpvs;
  }
  const transport = open(netlinkProtocol.generic);
  const ipvs = createIpvsDriver({
    transport,
    realServerTransport: open(netlinkProtocol.generic, 'small'),
    resolveFamily: () => resolveGenericFamily(transport, 'IPVS'),
  });
  try {
    await ipvs.timeouts();
    return ipvs;
  } catch (error) {
    gaps.unread.push(`IPVS: ${wordsOf(error)}`);
    return emptyIpvs;
  }
}

async function openIpSets(open: Open, gaps: Gaps): Promise<NodeView['ipset']> {
  const none = { list: async () => [] };
  if (!existsSync('/sys/module/ip_set')) {
    gaps.absent.push('IP sets: the module ip_set is not loaded');
    return none;
  }
  const ipset = createIpSetDriver({ transport: open(netlinkProtocol.netfilter) });
  try {
    await ipset.list(['KUBE-CLUSTER-IP']);
    return ipset;
  } catch (error) {
    gaps.unread.push(`IP sets: ${wordsOf(error)}`);
    return none;
  }
}

const limits = { timeoutMs: 30_000, maxOutputBytes: 256 * 1024 * 1024 };

async function openRules(flavour: ProxierSettings['iptablesFlavour'], gaps: Gaps): Promise<SavedRulesReader> {
  const driver = new IptablesRulesDriver({ flavour, run: readingOnly(commandRunner(limits)) });
  const saved = new Map<IpFamily, SavedRules>();
  for (const family of ipFamilies) {
    const rules = await driver.saved(family);
    if (rules !== undefined && (family === 'IPv4' || existsSync('/proc/net/if_inet6'))) saved.set(family, rules);
  }
  if (saved.size === 0) gaps.unread.push('packet filter rules: no iptables 1.6.2 or later that may read them');
  return {
    families: async () => (saved.size > 0 ? [...saved.keys()] : ipFamilies),
    saved: async (family) => saved.get(family),
  };
}

/** What would write is refused as a kernel without the table would refuse it. */
function readingOnly(run: CommandRunner): CommandRunner {
  return async (command) => {
    if (!command.file.endsWith('-restore')) return await run(command);
    return { exitCode: 1, stdout: '', stderr: 'nothing is written' };
  };
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
