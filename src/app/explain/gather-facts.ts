import type { DaemonFacts, ExplainFacts, PathFacts, PortFacts } from '../../cli/explain/facts.ts';
import type { ExplainTarget } from '../../cli/explain/target.ts';
import { ToolUsageError } from '../../cli/tool-syntax.ts';
import { KernelModules } from '../../kernel/kernel-modules.ts';
import type { Service, ServicePort } from '../../kubernetes/objects/service.ts';
import { familyOf, type IpAddress, type IpFamily, isInCidr } from '../../model/ip.ts';
import { schedulerModule, vitalModules } from '../../model/kernel-modules.ts';
import { serverName } from '../../observe/http-listener.ts';
import type { NodeFacts } from '../../plan/node-facts.ts';
import { planNode } from '../../plan/plan-node.ts';
import { planService } from '../../plan/plan-service.ts';
import type { ServicePlan } from '../../plan/service-plan.ts';
import { DesiredState } from '../../reconcile/desired-state.ts';
import type { NodeView } from '../tools/node-view.ts';
import type { ToolSettings } from '../tools/tool-settings.ts';
import { askHttp } from '../ask-http.ts';
import type { FoundService } from './find-service.ts';
import { conntrackFacts, otherModeChains, pathFacts, ruleFacts, settingFacts } from './kernel-facts.ts';
import { type EndpointAnswer, probeEndpoints } from './probe-endpoints.ts';
import { addressOf, clientFacts, portFacts, serviceFacts, type WantedPath, wantedPaths } from './service-facts.ts';

export interface GatherOptions {
  readonly tool: ToolSettings;
  readonly asked: string;
  readonly target: ExplainTarget;
  /** Name or number of the port to look at; all without. */
  readonly port: string | undefined;
  readonly from: IpAddress | undefined;
  readonly origin: string;
  readonly found: FoundService;
  readonly view: NodeView;
  /** Families that the kernel has, whether or not there is a packet filter for them: looking for one takes time. */
  readonly families: readonly IpFamily[];
  readonly modules?: Pick<KernelModules, 'state'>;
  /** Other proxies that are alive, in words. */
  readonly findOthers: () => Promise<readonly string[]>;
  readonly probe?: typeof probeEndpoints;
  readonly ask?: typeof askHttp;
}

/** Everything that is to be known about one Service on this node. */
export async function gatherFacts(options: GatherOptions): Promise<ExplainFacts> {
  const { tool, found, view, asked } = options;
  const service = found.key === undefined ? undefined : found.tables.service(found.key);
  const node = await nodeFacts(options);
  const base: ExplainFacts = {
    asked,
    node: tool.nodeName,
    isThisNode: tool.isThisNode,
    unread: view.unread,
    objects: { origin: options.origin, ...(found.unusable !== undefined && { unusable: found.unusable }) },
    ports: [],
    paths: [],
    daemon: {},
    otherProxies: [],
    otherModeChains: [],
    hasInterface: await view.address.hasInterface(),
    modules: {},
    settings: {},
    sets: [],
    rules: [],
    strictArp: tool.settings.config.ipvs.strictArp,
    masqueradesAll: tool.settings.config.masqueradeAll,
  };
  if (service === undefined) return base;
  const facts = await factsOf(service, node, options);
  return { ...base, ...facts, unread: view.unread };
}

async function nodeFacts(options: GatherOptions): Promise<NodeFacts> {
  const { tool, found, view } = options;
  const { nodeName, settings } = tool;
  return planNode({
    nodeName,
    node: found.tables.node(nodeName),
    otherNodes: [...found.tables.nodes()].filter(({ name }) => name !== nodeName),
    interfaceAddresses: await view.address.listNodeAddresses(),
    families: options.families,
    config: settings.config,
  });
}

async function factsOf(service: Service, node: NodeFacts, options: GatherOptions): Promise<Partial<ExplainFacts>> {
  const { tool, found, view, from, modules = new KernelModules(), ask = askHttp } = options;
  const { config } = tool.settings;
  const meant = askedPorts(service, options.port);
  const plan = planService({ service, slices: found.tables.slicesOf(service.key) }, node, config);
  const holderOf = holders(found, node, options, plan);
  const chosen = chosenPaths(wantedPaths(service, plan, holderOf), meant, options);
  const families = [...new Set(chosen.map(({ address }) => familyOf(address)))];
  const planned = portFacts(service, found.tables, node).filter((port) => isChosen(port, chosen, meant, options));
  const podCidrs = () => found.tables.node(tool.nodeName)?.podCidrs ?? [];
  const [ports, otherProxies, daemon, health] = await Promise.all([
    probed(planned, options),
    tool.isThisNode ? options.findOthers() : [],
    daemonFacts(tool, ask),
    healthFacts(plan, node, tool, ask),
  ]);
  const kernel = await pathFacts(chosen, view);
  const conntrack = conntrackFacts(view);
  const saved = families[0] === undefined ? undefined : await view.rules.saved(families[0]);
  return {
    service: serviceFacts(service, found),
    ports,
    ...kernel,
    ...(from !== undefined && { client: clientFacts(from, ports, node, inPodNetwork(options)) }),
    daemon,
    otherProxies,
    otherModeChains: otherModeChains(saved, service.key),
    modules: moduleFacts(kernel.paths, modules),
    settings: settingFacts(view),
    ...(conntrack !== undefined && { conntrack }),
    rules: await ruleFacts({ plan, families, config, podCidrs, view, modules }),
    ...(health !== undefined && { health }),
  };
}

/** The ports that the name or number means; all without one. */
function askedPorts({ key, ports }: Service, asked: string | undefined): readonly ServicePort[] {
  const meant = ports.filter(({ name, port }) => asked === undefined || asked === name || asked === String(port));
  if (meant.length > 0 || ports.length === 0) return meant;
  const known = ports.map(({ name, port }) => (name === '' ? String(port) : `${name} (${port})`)).join(', ');
  throw new ToolUsageError(`Service ${key} has no port ${JSON.stringify(asked)}; it has ${known}`);
}

/** Who has a virtual server, as far as the Services that are known tell: all of a file, one of the API server. */
function holders({ tables }: FoundService, node: NodeFacts, { tool }: GatherOptions, plan: ServicePlan) {
  const desired = new DesiredState({ virtualServer() {}, boundAddress() {}, setMember() {} });
  desired.swap(plan.key, plan);
  for (const key of tables.serviceKeys()) {
    const service = tables.service(key);
    if (service === undefined || key === plan.key) continue;
    desired.swap(key, planService({ service, slices: tables.slicesOf(key) }, node, tool.settings.config));
  }
  return ({ virtualServer }: ServicePlan['virtualServers'][number]) => desired.holderOf(virtualServer.key);
}

/** The address asked for; else all of the Service, but of node ports one address for each family. */
function chosenPaths(
  paths: readonly WantedPath[],
  meant: readonly ServicePort[],
  { target }: GatherOptions,
): readonly WantedPath[] {
  if (target.kind === 'address') {
    const asked = paths.filter((path) => path.address === target.address && path.port === target.port);
    return asked.filter(({ protocol }) => target.protocol === undefined || protocol === target.protocol);
  }
  const seen = new Set<string>();
  return paths.filter((path) => {
    if (!meant.some((port) => isOfPort(path, port))) return false;
    if (path.kind !== 'node port') return true;
    const name = `${path.portName} ${path.protocol} ${familyOf(path.address)}`;
    if (seen.has(name)) return false;
    seen.add(name);
    return true;
  });
}

function isOfPort(path: WantedPath, port: Pick<ServicePort, 'name' | 'protocol'>): boolean {
  return path.portName === port.name && path.protocol === port.protocol;
}

/** With an address asked for, its port alone; else every port that is meant, whether or not it is served. */
function isChosen(
  port: PortFacts,
  paths: readonly WantedPath[],
  meant: readonly ServicePort[],
  { target }: GatherOptions,
): boolean {
  if (target.kind === 'service')
    return meant.some((each) => each.name === port.name && each.protocol === port.protocol);
  return paths.some((path) => isOfPort(path, port) && familyOf(path.address) === port.family);
}

/** Endpoints in use first; those that nothing goes to are not tried. */
async function probed(ports: readonly PortFacts[], options: GatherOptions): Promise<readonly PortFacts[]> {
  const { tool, view, probe = probeEndpoints } = options;
  if (!tool.isThisNode || view.unread.length > 0) return ports;
  const used = ports
    .filter(({ protocol }) => protocol === 'TCP')
    .flatMap(({ endpoints }) => endpoints.filter(({ usedCluster, usedLocal }) => usedCluster || usedLocal));
  const targets = used.map(({ key }) => ({
    key,
    address: addressOf(key),
    port: Number(key.slice(key.lastIndexOf(':') + 1)),
  }));
  const answers: ReadonlyMap<string, EndpointAnswer> = await probe(targets);
  return ports.map((port) => ({
    ...port,
    endpoints: port.endpoints.map((endpoint) => {
      const answer = port.protocol === 'TCP' ? answers.get(endpoint.key) : undefined;
      return answer === undefined ? endpoint : { ...endpoint, answer };
    }),
  }));
}

function inPodNetwork({ tool, found }: GatherOptions): (address: IpAddress) => boolean {
  const { localDetection } = tool.settings.config;
  const cluster = localDetection.mode === 'ClusterCIDR' ? localDetection.clusterCidrs : [];
  const networks = [...cluster, ...(found.tables.node(tool.nodeName)?.podCidrs ?? [])];
  return (address) => networks.some((network) => isInCidr(address, network));
}

async function daemonFacts({ settings, daemon, isThisNode }: ToolSettings, ask: typeof askHttp): Promise<DaemonFacts> {
  const { healthzBindAddress: at } = settings.config;
  const { mode: operation } = settings.config.proxier.operation;
  const seen = daemon === undefined ? {} : { processId: daemon, operation };
  if (at === undefined || !isThisNode) return seen;
  const host = at.host === '0.0.0.0' ? '127.0.0.1' : at.host === '::' ? '::1' : at.host;
  const answer = await ask(host, at.port, '/livez');
  if (answer === undefined && daemon !== undefined) return { ...seen, silentPort: `${host}:${at.port}` };
  if (answer === undefined || answer.server !== serverName) return seen;
  return { ...seen, health: { status: answer.status, secondsSinceUpdate: secondsSinceUpdate(answer.body) } };
}

function secondsSinceUpdate(body: string): number {
  const { lastUpdated, currentTime } = JSON.parse(body) as {
    readonly lastUpdated?: string;
    readonly currentTime?: string;
  };
  const seconds = (Date.parse(currentTime ?? '') - Date.parse(lastUpdated ?? '')) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, Math.round(seconds)) : 0;
}

async function healthFacts(
  plan: ServicePlan,
  node: NodeFacts,
  { isThisNode }: ToolSettings,
  ask: typeof askHttp,
): Promise<ExplainFacts['health']> {
  const port = plan.healthCheckNodePort;
  if (port === 0 || !isThisNode) return undefined;
  const [host = '127.0.0.1'] = node.nodePortAddresses;
  const answer = await ask(host, port, '/');
  const localEndpoints = plan.localReadyEndpoints.IPv4 + plan.localReadyEndpoints.IPv6;
  return { port, status: answer?.status ?? 0, localEndpoints };
}

function moduleFacts(paths: readonly PathFacts[], modules: Pick<KernelModules, 'state'>): ExplainFacts['modules'] {
  const schedulers = paths
    .filter(({ scheduler }) => scheduler !== '')
    .map(({ scheduler }) => schedulerModule(scheduler));
  const names = [...vitalModules, ...schedulers];
  return Object.fromEntries(names.map((name) => [name, modules.state(name)]));
}
