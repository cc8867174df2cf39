import { existsSync, readdirSync } from 'node:fs';
import type {
  ExplainFacts,
  KernelVirtualServerFacts,
  PathFacts,
  RuleFacts,
  SetFacts,
} from '../../cli/explain/facts.ts';
import type { FilterTable } from '../../cli/explain/packet-filter.ts';
import type { ProxyConfig } from '../../config/config.ts';
import type { SetQuestion } from '../../kernel/ipset/set-looks.ts';
import type { KernelModules } from '../../kernel/kernel-modules.ts';
import { compareRules } from '../../kernel/rules/compare-rules.ts';
import type { SavedRules } from '../../kernel/rules/parse-save.ts';
import type { IpFamily } from '../../model/ip.ts';
import { silentLog } from '../../observe/log.ts';
import { familyOf } from '../../model/ip.ts';
import { ipSetFor, type SetRole } from '../../plan/ip-sets.ts';
import type { PlannedSetEntry, PlannedVirtualServer, ServicePlan } from '../../plan/service-plan.ts';
import { rulePlanner } from '../rounds/rule-planner.ts';
import type { NodeView } from '../tools/node-view.ts';
import { readCapabilities } from '../tools/read-capabilities.ts';
import { setNamesOf, type WantedPath } from './service-facts.ts';

/** The paths with what the kernel has for them; asks for these virtual servers, addresses and entries only. */
export async function pathFacts(
  paths: readonly WantedPath[],
  view: NodeView,
): Promise<{ readonly paths: readonly PathFacts[]; readonly sets: readonly SetFacts[] }> {
  const nodeAddresses = new Set(await view.address.listNodeAddresses());
  const questions = paths.flatMap(({ plannedEntries }) => plannedEntries.map(questionOf));
  const answers = await view.ipset.holds(questions);
  const held = new Set(questions.filter((_, index) => answers[index]).map(({ set, entry }) => `${set} ${entry.text}`));
  const found: PathFacts[] = [];
  for (const { planned, plannedEntries, ...path } of paths) {
    const kernel = await virtualServerFacts(planned, view);
    found.push({
      ...path,
      bound: await view.address.isBound(path.address),
      onNode: nodeAddresses.has(path.address),
      entries: plannedEntries.map(questionOf).map(({ set, entry }) => {
        return { set, entry: entry.text, present: held.has(`${set} ${entry.text}`) };
      }),
      ...(kernel !== undefined && { kernel }),
    });
  }
  return { paths: found, sets: await setFacts(setNamesOf(paths), view) };
}

function questionOf({ role, family, entry }: PlannedSetEntry): SetQuestion {
  return { set: ipSetFor(role, family).name, entry };
}

async function virtualServerFacts(
  planned: PlannedVirtualServer | undefined,
  view: NodeView,
): Promise<KernelVirtualServerFacts | undefined> {
  if (planned === undefined) return undefined;
  const listed = await view.ipvs.findVirtualServer(planned.virtualServer.identity);
  if (listed === undefined) return undefined;
  const { virtualServer } = listed;
  const [realServers = []] = await view.ipvs.listRealServers([virtualServer]);
  return {
    scheduler: virtualServer.scheduler,
    persistenceSeconds: virtualServer.persistenceTimeoutSeconds,
    realServers: realServers.map((server) => ({
      key: server.key,
      weight: server.weight,
      active: server.activeConnections,
      inactive: server.inactiveConnections,
      persistent: server.persistentConnections,
      connections: Number(server.counters.connections),
      incomingPackets: Number(server.counters.incomingPackets),
      outgoingPackets: Number(server.counters.outgoingPackets),
    })),
  };
}

async function setFacts(names: readonly string[], { ipset }: NodeView): Promise<readonly SetFacts[]> {
  const sizes = new Map((await ipset.sizes(names)).map((size) => [size.name, size]));
  return names.map((name): SetFacts => {
    const size = sizes.get(name);
    if (size === undefined) return { name };
    const { entries, maxElements } = size;
    return { name, size: { maxElements, ...(entries !== undefined && { entries }) } };
  });
}

/** The rules that the Service needs, by family of its paths, and whether they are there. */
export async function ruleFacts(options: {
  readonly plan: ServicePlan;
  readonly families: readonly IpFamily[];
  readonly config: ProxyConfig;
  readonly podCidrs: Parameters<typeof rulePlanner>[0]['podCidrs'];
  readonly view: NodeView;
  readonly modules: Pick<KernelModules, 'state'>;
}): Promise<readonly RuleFacts[]> {
  const { plan, config, podCidrs, view, modules } = options;
  const capabilities = async (family: IpFamily) => readCapabilities(await view.rules.saved(family), family, modules);
  const planned = rulePlanner({ config, driver: { capabilities }, podCidrs, log: silentLog });
  const facts: RuleFacts[] = [];
  for (const family of options.families) {
    const saved = await view.rules.saved(family);
    const rules = await planned({
      family,
      filledRoles: rolesOf(plan, family),
      outputFilters: plan.outputFilters.filter(({ address }) => familyOf(address) === family),
      missingRoles: new Set(),
      version: '',
    });
    const { differences } = compareRules(rules, saved ?? nothing);
    const missing = differences.filter(({ problem }) => isAboutMissing(problem));
    facts.push({
      family,
      missing: missing.map(({ table, chain, problem }) => `${table} ${chain}: ${problem}`),
      ...(saved !== undefined && { filter: filterOf(saved) }),
    });
  }
  return facts;
}

const nothing: SavedRules = { tables: new Map(), incompatibleTables: [] };

/** Rules for other Services are there too, and are no difference here. */
function isAboutMissing(problem: string): boolean {
  return / is missing|behind host ports/.test(problem);
}

function rolesOf({ setEntries }: ServicePlan, family: IpFamily): ReadonlySet<SetRole> {
  return new Set(setEntries.filter((entry) => entry.family === family).map(({ role }) => role));
}

function filterOf(saved: SavedRules): FilterTable {
  return Object.fromEntries(
    [...(saved.tables.get('filter') ?? [])].map(([name, { policy, rules }]) => [
      name,
      { rules, ...(policy !== undefined && { policy }) },
    ]),
  );
}

/** Chains to which rules of kube-proxy in mode iptables send packets for the Service. */
export function otherModeChains(saved: SavedRules | undefined, service: string): readonly string[] {
  const rules = [...(saved?.tables.get('nat')?.values() ?? [])].flatMap((chain) => chain.rules);
  const own = rules.filter((rule) => rule.includes(`"${service}:`) || rule.includes(`"${service} `));
  const chains = own.flatMap((rule) => /-j (KUBE-(?:SVC|SVL|EXT|FW)-\S+)/.exec(rule)?.[1] ?? []);
  return [...new Set(chains)];
}

const settingNames = [
  'net/ipv4/ip_forward',
  'net/ipv6/conf/all/forwarding',
  'net/ipv4/vs/conntrack',
  'net/ipv4/vs/conn_reuse_mode',
  'net/ipv4/vs/expire_nodest_conn',
  'net/ipv4/vs/expire_quiescent_template',
  'net/bridge/bridge-nf-call-iptables',
  'net/ipv4/conf/all/rp_filter',
  'net/ipv4/conf/all/arp_ignore',
];

/** Settings that a packet depends on; those of bridge ports as `NAME/brport/hairpin_mode`. */
export function settingFacts({ sysctl, sysfs }: NodeView): ExplainFacts['settings'] {
  const read = (source: NodeView['sysctl'], name: string) => {
    const value = source.read(name);
    return value === undefined ? [] : [[name, value] as const];
  };
  const ports = existsSync('/sys/class/net') ? readdirSync('/sys/class/net') : [];
  return Object.fromEntries([
    ...settingNames.flatMap((name) => read(sysctl, name)),
    ...ports.flatMap((name) => read(sysfs, `class/net/${name}/brport/hairpin_mode`)),
  ]);
}

/** How full the table of tracked connections is. */
export function conntrackFacts({ sysctl }: NodeView): ExplainFacts['conntrack'] {
  const [count, max] = ['count', 'max'].map((name) => sysctl.read(`net/netfilter/nf_conntrack_${name}`));
  return count === undefined || max === undefined ? undefined : { count: Number(count), max: Number(max) };
}
