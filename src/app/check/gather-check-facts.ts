import { release } from 'node:os';
import type { CheckFacts, IptablesFacts } from '../../cli/check/check-facts.ts';
import { KernelModules } from '../../kernel/kernel-modules.ts';
import { flavourInUse } from '../../kernel/rules/choose-flavour.ts';
import { findIptables, rememberVersions, systemFlavour } from '../../kernel/rules/find-iptables.ts';
import { saveRules } from '../../kernel/rules/iptables-runs.ts';
import type { SavedRules } from '../../kernel/rules/parse-save.ts';
import { type CommandRunner, commandRunner } from '../../kernel/rules/run-command.ts';
import { createSysctlDriver } from '../../kernel/sysctl/driver.ts';
import { ipFamilies } from '../../model/ip.ts';
import {
  flowModule,
  interfaceModule,
  schedulerModule,
  setTypeModules,
  vitalModules,
} from '../../model/kernel-modules.ts';
import { ruleExtensions } from '../../model/rule-set.ts';
import { loadNetlinkAddon } from '../../native/addon.ts';
import { serverName } from '../../observe/http-listener.ts';
import { leftoverChains } from '../diff/leftovers.ts';
import { findOtherProxies } from '../other-proxy/find-other-proxies.ts';
import { openNodeView } from '../tools/node-view.ts';
import { modulesOfExtension } from '../tools/read-capabilities.ts';
import type { ToolSettings } from '../tools/tool-settings.ts';
import { interfaceFacts } from './interface-facts.ts';
import { areSettingsWritable, capabilitiesInForce, isHostNetwork, processNames } from './process-facts.ts';

const limits = { timeoutMs: 30_000, maxOutputBytes: 256 * 1024 * 1024 };
const flavours = ['nft', 'legacy'] as const;

const alwaysNeeded = [...vitalModules, flowModule, interfaceModule, ...setTypeModules];

const settingNames = [
  'net/ipv4/ip_forward',
  'net/ipv4/vs/conntrack',
  'net/bridge/bridge-nf-call-iptables',
  'net/ipv4/conf/all/rp_filter',
  'net/ipv6/conf/all/forwarding',
];

/** Looks at this node. Writes nothing and loads no module. */
export async function gatherCheckFacts({ settings }: ToolSettings): Promise<CheckFacts> {
  const { config } = settings;
  const run = rememberVersions(commandRunner(limits));
  const found = await readIptables(run, config.proxier.iptablesFlavour);
  const addonFailure = addonProblem();
  const { foreignServers, unread } = await readServers();
  return {
    kernel: release(),
    scheduler: config.ipvs.scheduler,
    modules: moduleStates(config.ipvs.scheduler),
    settings: readSettings(),
    settingsWritable: areSettingsWritable(),
    capabilities: capabilitiesInForce(),
    isHostNetwork: isHostNetwork(),
    iptables: found.iptables,
    flavour: found.flavour,
    ...(addonFailure !== undefined && { addonFailure }),
    operation: config.proxier.operation.mode,
    aliveProxies: (await findOtherProxies(config))
      .filter(({ name }) => name !== serverName)
      .map(({ name, seen }) => `${name} (${seen})`),
    processes: processNames(),
    otherModeChains: [...found.leftovers, ...(await nftablesModeTables(run))],
    foreignServers,
    interfaces: interfaceFacts(),
    unread,
  };
}

function moduleStates(scheduler: string): CheckFacts['modules'] {
  const modules = new KernelModules();
  const names = [
    ...alwaysNeeded,
    schedulerModule(scheduler),
    ...ruleExtensions.flatMap((extension) => modulesOfExtension(extension, 'IPv4')),
  ];
  return Object.fromEntries(names.map((name) => [name, modules.state(name)]));
}

function readSettings(): CheckFacts['settings'] {
  const sysctl = createSysctlDriver();
  return Object.fromEntries(
    settingNames.flatMap((name) => {
      const value = sysctl.read(name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

function addonProblem(): string | undefined {
  try {
    loadNetlinkAddon();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** What each flavour holds, and which of them the daemon would take. */
async function readIptables(run: CommandRunner, wanted: 'auto' | 'legacy' | 'nft') {
  const iptables: IptablesFacts[] = [];
  const byFlavour: Record<'nft' | 'legacy', SavedRules[]> = { nft: [], legacy: [] };
  const leftovers: string[] = [];
  for (const flavour of flavours) {
    for (const family of ipFamilies) {
      const programs = await findIptables(run, family, flavour);
      if (programs === undefined) continue;
      const saved = await saveRules(run, programs).catch(() => undefined);
      if (saved !== undefined) byFlavour[flavour].push(saved);
      leftovers.push(...leftoverChains(family, saved).map(({ object }) => object));
      iptables.push({ flavour, family, rules: saved && ruleCount(saved) });
    }
  }
  const chosen = wanted === 'auto' ? (flavourInUse(byFlavour) ?? (await systemFlavour(run, 'IPv4'))) : wanted;
  const flavour = iptables.some((each) => each.flavour === chosen) ? chosen : iptables[0]?.flavour;
  return { iptables, flavour, leftovers };
}

/** Tables of kube-proxy's mode nftables; none where `nft` is not installed. */
async function nftablesModeTables(run: CommandRunner): Promise<readonly string[]> {
  const listed = await run({ file: 'nft', parameters: ['list', 'tables'] }).catch(() => undefined);
  return listed?.stdout.match(/^table ip6? kube-proxy$/gm) ?? [];
}

function ruleCount({ tables }: SavedRules): number {
  const chains = [...tables.values()].flatMap((table) => [...table.values()]);
  return chains.reduce((sum, { rules }) => sum + rules.length, 0);
}

/** Virtual servers that are neither on addresses of kube-ipvs0 nor on those of the node. */
async function readServers(): Promise<Pick<CheckFacts, 'foreignServers' | 'unread'>> {
  const view = await openNodeView('auto', 'later');
  try {
    const own = new Set([...(await view.address.list()), ...(await view.address.listNodeAddresses())]);
    const servers = await view.ipvs.list();
    const foreign = servers.filter(({ virtualServer: { identity } }) =>
      identity.kind === 'firewallMark' ? true : !own.has(identity.address),
    );
    return { foreignServers: foreign.map(({ virtualServer }) => virtualServer.key), unread: view.unread };
  } finally {
    view.close();
  }
}
