import { existsSync } from 'node:fs';
import type { AddressDriver, ConntrackDriver, IpSetDriver, IpvsDriver, SysctlDriver } from '../../kernel/drivers.ts';
import { createAddressDriver } from '../../kernel/address/driver.ts';
import { createConntrackDriver } from '../../kernel/conntrack/driver.ts';
import { createIpSetDriver } from '../../kernel/ipset/driver.ts';
import { createIpvsDriver, type IpvsKernelDriver } from '../../kernel/ipvs/driver.ts';
import { createSysctlDriver } from '../../kernel/sysctl/driver.ts';
import type { ProxierSettings } from '../../config/config.ts';
import type { CommandRunner } from '../../kernel/rules/run-command.ts';
import { type IpAddress, ipFamilies } from '../../model/ip.ts';
import { AddonLoadError, loadNetlinkAddon } from '../../native/addon.ts';
import { openAddonTransport } from '../../netlink/connection.ts';
import { netlinkProtocol } from '../../netlink/constants.ts';
import { resolveGenericFamily } from '../../netlink/generic-family.ts';
import { loadPackageTransport } from '../../netlink/package-transport.ts';
import type { Transport } from '../../netlink/transport.ts';
import { type SavedRulesReader, savedRulesReader } from './saved-rules-reader.ts';

/** The kernel of a node as it can be read; nothing here writes. Addresses are read once, as for a tool that soon ends. */
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
  /** Parts that are there and cannot be read, and why; they count as empty too. Grows as parts are read. */
  readonly unread: readonly string[];
  close(): void;
}

/**
 * Opens the kernel for reading. A part that is not there, or may not be read, is told and counts as empty; modules are
 * not loaded for it. Rules take programs to read: `later` leaves them to whoever asks for those of a family; `run`
 * starts them.
 */
export async function openNodeView(
  flavour: ProxierSettings['iptablesFlavour'],
  readRules: 'now' | 'later' = 'now',
  run?: CommandRunner,
): Promise<NodeView> {
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
  const onProblem = (problem: string) => noteOnce(gaps.unread, problem);
  const rules = savedRulesReader({ flavour, onProblem, ...(run && { run }) });
  if (readRules === 'now') await rules.families();
  // with ten thousand Services there are as many addresses
  const list = once(() => address.list());
  const listNodeAddresses = once(() => address.listNodeAddresses());
  const hasInterface = async () => {
    await list();
    return address.interfaceIndex !== undefined;
  };
  return {
    ipvs,
    address: { list, listNodeAddresses, hasInterface },
    ipset: await openIpSets(opened, gaps),
    conntrack:
      existsSync('/proc/net/nf_conntrack') || existsSync('/proc/sys/net/netfilter/nf_conntrack_max')
        ? createConntrackDriver({ transport: opened(netlinkProtocol.netfilter) })
        : { listUdpFlows: async () => [] },
    rules,
    sysctl: tellingSettings(createSysctlDriver(), gaps),
    sysfs: tellingSettings(createSysctlDriver({ root: '/sys' }), gaps),
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

/** Settings that may not be read are told, and count as not there. */
function tellingSettings(sysctl: Pick<SysctlDriver, 'read'>, gaps: Gaps): Pick<SysctlDriver, 'read'> {
  return {
    read(name) {
      try {
        return sysctl.read(name);
      } catch (error) {
        noteOnce(gaps.unread, wordsOf(error));
        return undefined;
      }
    },
  };
}

function once<T>(read: () => Promise<T>): () => Promise<T> {
  let reading: Promise<T> | undefined;
  return () => {
    reading ??= read();
    return reading;
  };
}

function noteOnce(problems: string[], problem: string): void {
  if (!problems.includes(problem)) problems.push(problem);
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
