import { noTraffic } from '../../../../src/kernel/ipvs/decode-counters.ts';
import { foundNames } from '../../../../src/cli/ipvs-status/endpoint-names.ts';
import { runIpvsStatus } from '../../../../src/cli/ipvs-status/run-ipvs-status.ts';
import type { ListedTable, NameSource, StatusKernel } from '../../../../src/cli/ipvs-status/status-world.ts';
import type { ListedConnection, ListedVirtualServer, SyncDaemon } from '../../../../src/kernel/drivers.ts';
import type { ObservedRealServer } from '../../../../src/model/real-server.ts';
import type { VirtualServer } from '../../../../src/model/virtual-server.ts';
import { virtualServerFamily, virtualServerKey } from '../../../../src/model/virtual-server.ts';
import { ip } from '../../../support/builders.ts';
import { observedRealServer, type RealServerSettings, realServer } from '../../../support/ipvs-builders.ts';

/** A virtual server with its real servers, in a table that is made up. */
export type TableEntry = readonly [virtualServer: VirtualServer, realServers?: readonly ObservedRealServer[]];

/** What the kernel has, and how it fails. */
export interface FakeState {
  readonly table?: readonly TableEntry[];
  readonly connections?: readonly ListedConnection[];
  readonly daemons?: readonly SyncDaemon[];
  /** The text of the table cannot be read. */
  readonly withoutText?: boolean;
  readonly failToOpen?: Error;
  readonly failToList?: Error;
}

/** A real server that nobody has used, from an endpoint such as `10.244.1.2:8080`. */
export function observed(endpoint: string, settings: RealServerSettings = {}): ObservedRealServer {
  return observedRealServer(realServer(endpoint, settings));
}

/** A virtual server of a listing. */
export function listed(virtualServer: VirtualServer, netmask?: number): ListedVirtualServer {
  const whole = virtualServerFamily(virtualServer.identity) === 'IPv6' ? 128 : 0xffff_ffff;
  return { virtualServer, counters: noTraffic, netmask: netmask ?? whole };
}

/** Runs the program against a made-up kernel. */
export async function runStatus(commandLine: string, state: FakeState = {}) {
  const printed = { output: '', error: '', closed: 0, asked: [] as string[] };
  const exitCode = await runIpvsStatus(commandLine.split(' ').filter(Boolean), {
    program: 'ipvs-status',
    versionText: 'ipvs-status 1.2.3\n',
    terminal: () => ({ width: 100, colours: false }),
    openKernel: () => openKernel(state, printed),
    openNames: () => openNames(printed.asked),
    writeOutput: (text) => (printed.output += text),
    writeBytes: (bytes) => (printed.output += Buffer.from(bytes).toString('latin1')),
    writeError: (text) => (printed.error += text),
  });
  return { ...printed, exitCode };
}

async function openKernel(state: FakeState, printed: { closed: number }): Promise<StatusKernel> {
  if (state.failToOpen !== undefined) throw state.failToOpen;
  const table = state.table ?? [];
  const serversOf = (key: string) => table.find(([virtualServer]) => virtualServer.key === key)?.[1] ?? [];
  return {
    info: () => Promise.resolve({ version: '1.2.1', connectionTableSize: 4096 }),
    timeouts: () => Promise.resolve({ tcpSeconds: 900, tcpFinSeconds: 120, udpSeconds: 300 }),
    daemons: () => Promise.resolve(state.daemons ?? []),
    listVirtualServers: async () => {
      if (state.failToList !== undefined) throw state.failToList;
      return table.map(([virtualServer]) => listed(virtualServer));
    },
    findVirtualServer: async (identity) => {
      const found = table.find(([virtualServer]) => virtualServer.key === virtualServerKey(identity));
      return found === undefined ? undefined : listed(found[0]);
    },
    listRealServers: async (virtualServers) => virtualServers.map(({ key }) => serversOf(key)),
    readTable: () => (state.withoutText ? undefined : tableOf(serversOf)),
    readConnections: async function* () {
      yield* state.connections ?? [];
    },
    close: () => printed.closed++,
  };
}

/** Made so that no line can be taken as it is. As in the kernel's, there are no firewall marks, and nothing tells of tunnels. */
function tableOf(serversOf: (key: string) => readonly ObservedRealServer[]): ListedTable {
  return {
    realServersOf: (identity) =>
      identity.kind === 'firewallMark'
        ? []
        : serversOf(virtualServerKey(identity)).map(({ tunnel: _untold, ...told }) => told),
    rangeOf: () => ({ start: 0, end: 1 }),
    endpointAt: () => -1,
    columnsAt: () => new Uint8Array(0),
  };
}

/** Knows one host and one port; writes down what it is asked for. */
function openNames(asked: string[]): NameSource {
  const hosts = new Map([[ip('10.96.0.1'), 'web.example.com']]);
  let known = false;
  return {
    names: foundNames(hosts, new Map([['80/tcp', 'http']])),
    portNumber: (name, protocol) => (name === 'http' && protocol === 'TCP' ? 80 : undefined),
    hostAddress: (name) => {
      if (!known) return null;
      return name === 'web.example.com' ? ip('10.96.0.1') : undefined;
    },
    lookUpHost: async (name) => {
      known = true;
      asked.push(name);
    },
    lookUpAddresses: async (addresses) => {
      asked.push(...addresses);
    },
  };
}
