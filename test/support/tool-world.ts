import type { ToolSources } from '../../src/app/tools/plan-from.ts';
import type { NodeView } from '../../src/app/tools/node-view.ts';
import type { RunningDaemon } from '../../src/app/tools/running-daemon.ts';
import { noDaemon, toolSettings } from '../../src/app/tools/tool-settings.ts';
import type { ToolWorld } from '../../src/app/tools/tool-world.ts';
import { parseToolCommandLine, type ToolCommandLine, type ToolSyntax } from '../../src/cli/tool-syntax.ts';
import { flagTable } from '../../src/config/flag-table.ts';
import { flagTypes } from '../../src/config/flag-types.ts';
import type { ObservedIpSet } from '../../src/kernel/drivers.ts';
import type { SavedRules } from '../../src/kernel/rules/parse-save.ts';
import { noTraffic } from '../../src/kernel/ipvs/decode-counters.ts';
import { ipFamilies } from '../../src/model/ip.ts';
import type { RuleSet } from '../../src/model/rule-set.ts';
import { virtualServerKey } from '../../src/model/virtual-server.ts';
import type { FakeKernel } from './fake-kernel.ts';

/** What a tool printed, and how it ended. */
export interface ToolOutcome {
  readonly exitCode: number;
  readonly output: string;
}

/** What a tool finds around it. */
export interface ToolSurroundings {
  readonly files?: Readonly<Record<string, string>>;
  readonly view?: NodeView;
  readonly width?: number;
  readonly daemon?: RunningDaemon;
}

/** Runs a tool on files given as text. Rejects as the tool does. */
export async function runWith(
  run: (commandLine: ToolCommandLine, world: ToolWorld, sources: ToolSources) => Promise<number>,
  syntax: ToolSyntax,
  line: string,
  { files = {}, view, width = 100, daemon }: ToolSurroundings,
): Promise<ToolOutcome> {
  let output = '';
  const world: ToolWorld = {
    terminal: { width, colours: false },
    environment: {},
    write: (text) => (output += text),
    writeError: () => {},
    readFile(path) {
      const text = files[path];
      if (text === undefined) throw new Error(`no such file: ${path}`);
      return text;
    },
  };
  const takesValue = (name: string) => {
    const flag = flagTable.find((each) => each.name === name);
    return flag && !('withoutValue' in flagTypes[flag.type]);
  };
  const commandLine = parseToolCommandLine(syntax, line.split(' ').filter(Boolean), takesValue);
  const sources: ToolSources = {
    settings: (given, of) => toolSettings(given, of, daemon === undefined ? noDaemon : () => daemon),
    openView: async () => {
      if (view === undefined) throw new Error('no kernel');
      return view;
    },
  };
  return { exitCode: await run(commandLine, world, sources), output };
}

/** A fake kernel as the tools see it. */
export function viewOf(kernel: FakeKernel, changes: Partial<NodeView> = {}): NodeView {
  return {
    ipvs: {
      list: () => kernel.ipvs.list(),
      scan: (visitor) => kernel.ipvs.scan(visitor),
      listRealServers: (servers) => kernel.ipvs.listRealServers(servers),
      timeouts: () => kernel.ipvs.timeouts(),
      findVirtualServer: async (identity) => {
        const found = kernel.servers.get(virtualServerKey(identity));
        return found && { virtualServer: found.virtualServer, counters: noTraffic, netmask: 0xffffffff };
      },
    },
    address: {
      list: () => kernel.address.list(),
      listNodeAddresses: () => kernel.address.listNodeAddresses(),
      hasInterface: async () => kernel.hasInterface,
      isBound: async (address) => kernel.addresses.has(address),
    },
    ipset: setsOf(kernel),
    conntrack: { listUdpFlows: async () => kernel.flows },
    rules: {
      families: async () => ipFamilies,
      saved: async (family) => savedRules(kernel.rules.get(family)),
    },
    sysctl: { read: (name) => goodSettings[name] },
    sysfs: { read: () => '0' },
    absent: [],
    unread: [],
    close() {},
    ...changes,
  };
}

function setsOf(kernel: FakeKernel): NodeView['ipset'] {
  const list = (names: readonly string[]) => kernel.ipset.list(names);
  const has = ({ entries }: ObservedIpSet, text: string) => entries.some((entry) => entry.text === text);
  return {
    list,
    sizes: async (names) => (await list(names)).map((set) => ({ ...set, entries: set.entries.length })),
    holds: (questions) =>
      Promise.all(questions.map(async ({ set, entry }) => (await list([set])).some((each) => has(each, entry.text)))),
  };
}

const goodSettings: Readonly<Record<string, string>> = {
  'net/ipv4/vs/conntrack': '1',
  'net/ipv4/vs/conn_reuse_mode': '0',
  'net/ipv4/vs/expire_nodest_conn': '1',
  'net/ipv4/vs/expire_quiescent_template': '1',
  'net/ipv4/ip_forward': '1',
};

/** Flags with which no setting of the connection tracking is wanted. */
export const withoutConntrack =
  '--conntrack-max-per-core=0 --conntrack-tcp-timeout-established=0s --conntrack-tcp-timeout-close-wait=0s';

/** Rules that the fake kernel was given, as iptables-save would show them. */
function savedRules(written: string | undefined): SavedRules | undefined {
  if (written === undefined) return undefined;
  const { chains, jumps } = JSON.parse(written) as RuleSet;
  const tables = new Map<string, Map<string, { builtIn: boolean; rules: string[] }>>();
  const tableOf = (name: string) => {
    const table = tables.get(name) ?? new Map<string, { builtIn: boolean; rules: string[] }>();
    tables.set(name, table);
    return table;
  };
  for (const { table, name, rules } of chains) tableOf(table).set(name, { builtIn: false, rules: [...rules] });
  for (const { table, from, to, comment } of jumps) {
    const chain = tableOf(table).get(from) ?? { builtIn: true, rules: [] };
    chain.rules.push(`-m comment --comment "${comment}" -j ${to}`);
    tableOf(table).set(from, chain);
  }
  return { tables, incompatibleTables: [] };
}
