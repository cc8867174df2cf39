import type { ConntrackDriver, IpSetDriver, IpvsDriver } from '../../kernel/drivers.ts';
import { createAddressDriver, type DummyAddressDriver } from '../../kernel/address/driver.ts';
import { createConntrackDriver } from '../../kernel/conntrack/driver.ts';
import { createIpSetDriver } from '../../kernel/ipset/driver.ts';
import { createIpvsDriver } from '../../kernel/ipvs/driver.ts';
import type { NetlinkAddon } from '../../native/addon.ts';
import { netlinkProtocol } from '../../netlink/constants.ts';
import { resolveGenericFamily } from '../../netlink/generic-family.ts';
import type { Transport } from '../../netlink/transport.ts';
import type { Log } from '../../observe/log.ts';
import { ipSetFor } from '../../plan/ip-sets.ts';
import { type Conversations, transportOpener } from './transport-opener.ts';

/** The netlink drivers, each with a conversation of its own. */
export interface Kernel {
  readonly ipvs: IpvsDriver;
  readonly address: DummyAddressDriver;
  readonly ipset: IpSetDriver;
  readonly conntrack: ConntrackDriver;
  /** Undefined when the addon could not be loaded: there are no notifications then. */
  readonly addon: NetlinkAddon | undefined;
  readonly close: () => void;
}

/**
 * Opens the conversations with the kernel: over the addon, or over the package `netlink` where it does not load. Throws
 * `NetlinkError` or `DriverError`, which name module or capability, when the kernel has no IPVS or no IP sets for us;
 * with `mayLackSubsystems` the first use of what it lacks does.
 */
export async function openKernel(log: Log, { mayLackSubsystems = false } = {}): Promise<Kernel> {
  const { addon, open } = await transportOpener((error) => {
    log.error('Native addon not loaded; using the slower package instead', error);
  });
  const transports: Transport[] = [];
  const opened = (protocol: number, kind: Conversations = 'large') => {
    const transport = open(protocol, kind);
    transports.push(transport);
    return transport;
  };
  const generic = opened(netlinkProtocol.generic);
  const kernel: Kernel = {
    ipvs: createIpvsDriver({
      transport: generic,
      realServerTransport: opened(netlinkProtocol.generic, 'small'),
      resolveFamily: () => resolveGenericFamily(generic, 'IPVS'),
    }),
    address: createAddressDriver({ transport: opened(netlinkProtocol.route) }),
    ipset: createIpSetDriver({ transport: opened(netlinkProtocol.netfilter) }),
    conntrack: createConntrackDriver({ transport: opened(netlinkProtocol.netfilter, 'long') }),
    addon,
    close: () => {
      for (const transport of transports) transport.close();
    },
  };
  if (!mayLackSubsystems) await requireSubsystems(kernel);
  return kernel;
}

/** The first request makes the kernel load its module, if it has it: without it nothing would ever work. */
async function requireSubsystems({ ipvs, ipset, close }: Kernel): Promise<void> {
  try {
    await ipvs.timeouts();
    await ipset.list([ipSetFor('clusterIp', 'IPv4').name]);
  } catch (error) {
    close();
    throw error;
  }
}
