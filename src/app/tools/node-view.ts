import { existsSync } from 'node:fs';
import type { AddressDriver, ConntrackDriver, IpSetDriver, IpvsDriver, SysctlDriver } from '../../kernel/drivers.ts';
import { readAddressTable } from '../../kernel/address/address-table.ts';
import { dummyInterfaceName } from '../../kernel/address/driver.ts';
import { createConntrackDriver } from '../../kernel/conntrack/driver.ts';
import { createIpSetDriver } from '../../kernel/ipset/driver.ts';
import { type SetLooks, setLooks } from '../../kernel/ipset/set-looks.ts';
import { createIpvsDriver, type IpvsKernelDriver } from '../../kernel/ipvs/driver.ts';
import { once } from '../../model/once.ts';
import { createSysctlDriver } from '../../kernel/sysctl/driver.ts';
import type { ProxierSettings } from '../../config/config.ts';
import type { CommandRunner } from '../../kernel/rules/run-command.ts';
import { type IpAddress, ipFamilies } from '../../model/ip.ts';
import { netlinkProtocol } from '../../netlink/constants.ts';
import { resolveGenericFamily } from '../../netlink/generic-family.ts';
import type { Transport } from '../../netlink/transport.ts';
import { type TransportOpener, transportOpener } from '../node/transport-opener.ts';
import { type SavedRulesReader, savedRulesReader } from './saved-rules-reader.ts';

/** The kernel of a node as it can be read; nothing here writes. Addresses are read once, as for a tool that soon ends. */
export interface NodeView {
  readonly ipvs: Pick<IpvsDriver, 'list' | 'scan' | 'listRealServers' | 'timeouts'> &
    Pick<IpvsKernelDriver, 'findVirtualServer'>;
  readonly address: Pick<AddressDriver, 'list' | 'listNodeAddresses'> & AddressLooks;
  readonly ipset: Pick<IpSetDriver, 'list'> & SetLooks;
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

/** Looks at addresses that decode no more than what is asked for. */
interface AddressLooks {
  hasInterface(): Promise<boolean>;
  /** Whether the dummy interface has the address. */
  isBound(address: IpAddress): Promise<boolean>;
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
  const { open } = await transportOpener();
  const transports: Transport[] = [];
  const opened: TransportOpener['open'] = (protocol, kind) => {
    const transport = open(protocol, kind);
    transports.push(transport);
    return transport;
  };
  const gaps: Gaps = { absent: [], unread: [] };
  const ipvs = await openIpvs(opened, gaps);
  const route = opened(netlinkProtocol.route);
  const addresses = once(() => readAddressTable(route, dummyInterfaceName));
  const onProblem = (problem: string) => noteOnce(gaps.unread, problem);
  const rules = savedRulesReader({ flavour, onProblem, ...(run && { run }) });
  if (readRules === 'now') await rules.families();
  return {
    ipvs,
    address: {
      list: async () => (await addresses()).bound(),
      listNodeAddresses: once(async () => (await addresses()).ofNode()),
      hasInterface: async () => (await addresses()).interfaceIndex !== undefined,
      isBound: async (address) => (await addresses()).isBound(address),
    },
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
    address: {
      list: async () => [],
      listNodeAddresses: async () => nodeAddresses,
      hasInterface: async () => false,
      isBound: async () => false,
    },
    ipset: emptySets,
    conntrack: { listUdpFlows: async () => [] },
    rules: { families: async () => ipFamilies, saved: async () => undefined },
    sysctl: { read: () => undefined },
    sysfs: { read: () => undefined },
    absent: [],
    unread: [],
    close() {},
  };
}

const emptySets: NodeView['ipset'] = {
  list: async () => [],
  sizes: async () => [],
  holds: async (questions) => questions.map(() => false),
};

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

type Open = TransportOpener['open'];

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
  if (!existsSync('/sys/module/ip_set')) {
    gaps.absent.push('IP sets: the module ip_set is not loaded');
    return emptySets;
  }
  const transport = open(netlinkProtocol.netfilter);
  const ipset = createIpSetDriver({ transport });
  const looks = setLooks(transport);
  try {
    await looks.sizes(['KUBE-CLUSTER-IP']);
    return { list: (names) => ipset.list(names), ...looks };
  } catch (error) {
    gaps.unread.push(`IP sets: ${wordsOf(error)}`);
    return emptySets;
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

function noteOnce(problems: string[], problem: string): void {
  if (!problems.includes(problem)) problems.push(problem);
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
