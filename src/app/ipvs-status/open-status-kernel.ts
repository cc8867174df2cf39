import { existsSync } from 'node:fs';
import type { StatusKernel } from '../../cli/ipvs-status/status-world.ts';
import { readListedConnections } from '../../kernel/ipvs/connection-text.ts';
import { createIpvsDriver } from '../../kernel/ipvs/driver.ts';
import { readListingText } from '../../kernel/ipvs/listing-text.ts';
import { netlinkProtocol } from '../../netlink/constants.ts';
import { resolveGenericFamily } from '../../netlink/generic-family.ts';
import { transportOpener } from '../node/transport-opener.ts';

/** Files of the kernel with the table and the connections, of the network namespace of this process. */
const tablePath = '/proc/net/ip_vs';
const connectionsPath = '/proc/net/ip_vs_conn';

/** Opens a conversation with the kernel's IPVS, which loads its module when it is needed. Throws `NetlinkError`. */
export async function openStatusKernel(): Promise<StatusKernel> {
  const { open } = await transportOpener();
  const transport = open(netlinkProtocol.generic);
  const realServerTransport = open(netlinkProtocol.generic, 'small');
  const driver = createIpvsDriver({
    transport,
    realServerTransport,
    resolveFamily: () => resolveGenericFamily(transport, 'IPVS'),
  });
  return {
    info: () => driver.info(),
    timeouts: () => driver.timeouts(),
    daemons: () => driver.daemons(),
    listVirtualServers: (counters) => driver.listVirtualServers(counters),
    findVirtualServer: (identity) => driver.findVirtualServer(identity),
    listRealServers: (virtualServers) => driver.listRealServers(virtualServers),
    readTable: (virtualServers) => {
      const text = existsSync(tablePath) ? readListingText(tablePath) : undefined;
      return text?.hasAll(virtualServers) === true ? text : undefined;
    },
    readConnections: () => readListedConnections(connectionsPath),
    close: () => {
      transport.close();
      realServerTransport.close();
    },
  };
}
