import { existsSync } from 'node:fs';
import { explain } from '../../cli/explain/explain-links.ts';
import type { ExplainFacts } from '../../cli/explain/facts.ts';
import { explanationJson, explanationText } from '../../cli/explain/print-explanation.ts';
import { type ExplainTarget, parseTarget } from '../../cli/explain/target.ts';
import { type ToolCommandLine, ToolUsageError } from '../../cli/tool-syntax.ts';
import { ClientConfigError } from '../../kubernetes/watch/errors.ts';
import { ClusterTables } from '../../cluster/tables.ts';
import { familyOf, type IpAddress, ipFamilies, parseIp } from '../../model/ip.ts';
import { serverName } from '../../observe/http-listener.ts';
import { findOtherProxies } from '../other-proxy/find-other-proxies.ts';
import { emptyNodeView, type NodeView } from '../tools/node-view.ts';
import { systemSources, type ToolSources } from '../tools/plan-from.ts';
import { openClient, readObjects } from '../tools/read-objects.ts';
import type { ToolSettings } from '../tools/tool-settings.ts';
import type { ToolWorld } from '../tools/tool-world.ts';
import { askHolder } from './ask-holder.ts';
import { type AskedAddress, findAmong, findInApi, type FoundService, wrongWith } from './find-service.ts';
import { gatherFacts, type GatherOptions } from './gather-facts.ts';

/** What is looked at besides files and kernel; handed in so that tests can own it. */
export type ExplainProbes = Pick<GatherOptions, 'findOthers' | 'probe' | 'ask' | 'modules'>;

/** Carries out `ipvs-proxier explain`; the exit code. */
export async function runExplain(
  commandLine: ToolCommandLine,
  world: ToolWorld,
  sources: ToolSources = systemSources,
  probes?: ExplainProbes,
): Promise<number> {
  const { options } = commandLine;
  const [asked] = commandLine.arguments;
  if (asked === undefined) throw new ToolUsageError('say which: svc/NAMESPACE/NAME or IP:PORT');
  const target = parseTarget(asked);
  if (target.kind === 'address' && options.has('port')) {
    throw new ToolUsageError('--port goes with svc/NAMESPACE/NAME; an address has its port');
  }
  const from = clientOf(options.get('from')?.at(-1));
  const tool = sources.settings(commandLine, world);
  const { config } = tool.settings;
  const view = tool.isThisNode ? await sources.openView(config.proxier.iptablesFlavour, 'later') : emptyNodeView([]);
  startReadingRules(view, target);
  try {
    const { found, origin, failure } = await find(tool, target, options.get('file'), view, world);
    const port = options.get('port')?.at(-1);
    const facts = await gatherFacts({
      ...(probes ?? systemProbes(tool)),
      tool,
      asked,
      target,
      port,
      from,
      origin,
      found,
      view,
      families: ipFamilies.filter((family) => family === 'IPv4' || existsSync('/proc/net/if_inet6')),
    });
    return show(failure === undefined ? facts : { ...facts, objects: { origin, failure } }, commandLine, world);
  } finally {
    view.close();
  }
}

/** The program that reads them runs while objects are asked for; whoever needs the rules is told what went wrong. */
function startReadingRules({ rules }: NodeView, target: ExplainTarget): void {
  rules.saved(target.kind === 'address' ? familyOf(target.address) : 'IPv4').catch(() => undefined);
}

function show(facts: ExplainFacts, { options }: ToolCommandLine, world: ToolWorld): number {
  const explanation = explain(facts);
  const isJson = options.get('output')?.at(-1) === 'json';
  world.write(isJson ? explanationJson(facts, explanation) : explanationText(facts, explanation, world.terminal));
  if (facts.service === undefined) return 2;
  if (explanation.firstBroken !== undefined) return 1;
  return facts.unread.length > 0 ? 2 : 0;
}

function clientOf(text: string | undefined): IpAddress | undefined {
  if (text === undefined) return undefined;
  const address = parseIp(text);
  if (address === undefined) throw new ToolUsageError(`--from takes an IP address, not ${JSON.stringify(text)}`);
  return address;
}

interface Finding {
  readonly found: FoundService;
  readonly origin: string;
  /** Why the objects could not be had. */
  readonly failure?: string;
}

/** All objects where they are in files; else one Service from the API server. */
async function find(
  tool: ToolSettings,
  target: ExplainTarget,
  files: readonly string[] | undefined,
  view: NodeView,
  world: ToolWorld,
): Promise<Finding> {
  const nodeAddresses = await view.address.listNodeAddresses();
  if (files !== undefined || tool.settings.manifests.length > 0) {
    const { tables, origin, problems } = await readObjects(tool, files, world);
    const key = findAmong(tables, target, nodeAddresses);
    const own = key === undefined ? [] : problems.filter((problem) => problem.includes(`Service ${key}`));
    const named = key === undefined && target.kind === 'service' ? `${target.namespace}/${target.name}` : undefined;
    const unusable = named === undefined ? undefined : wrongWith(named, problems);
    return { found: { tables, key, proxyName: '', problems: own, ...(unusable && { unusable }) }, origin };
  }
  const origin = 'the API server';
  try {
    const node = { name: tool.nodeName, addresses: nodeAddresses };
    const holderAt = (at: AskedAddress) => askHolder(tool.settings.config.proxier.statusSocket, at);
    return { found: await findInApi(await openClient(tool), target, node, holderAt), origin };
  } catch (error) {
    if (error instanceof ClientConfigError) throw error; // that says nothing about the Service
    const failure = error instanceof Error ? error.message : String(error);
    return {
      found: { tables: new ClusterTables(() => {}), key: undefined, proxyName: '', problems: [] },
      origin,
      failure,
    };
  }
}

function systemProbes({ settings }: ToolSettings): ExplainProbes {
  return {
    findOthers: async () =>
      (await findOtherProxies(settings.config))
        .filter(({ name }) => name !== serverName)
        .map(({ name, seen }) => `${name}, ${seen}`),
  };
}
