import type { Difference, DiffReport, OtherObject } from '../../cli/diff/diff-report.ts';
import { diffJson, diffText } from '../../cli/diff/print-diff.ts';
import type { ToolCommandLine } from '../../cli/tool-syntax.ts';
import type { VirtualServerKey } from '../../model/virtual-server.ts';
import { planFrom, type PlannedTool, systemSources, type ToolSources } from '../tools/plan-from.ts';
import type { ToolWorld } from '../tools/tool-world.ts';
import { differenceOf } from './differences.ts';
import { leftoverChains } from './leftovers.ts';

/** Carries out `ipvs-proxier diff`; the exit code. Throws where the kernel cannot be read: then nothing is known. */
export async function runDiff(
  commandLine: ToolCommandLine,
  world: ToolWorld,
  sources: ToolSources = systemSources,
): Promise<number> {
  const { options } = commandLine;
  const result = await planFrom(commandLine, world, sources);
  if (!result.isKernelRead) throw new Error(`there is nothing to compare with but ${result.comparedWith}`);
  const [unread] = result.view.unread;
  if (unread !== undefined) throw new Error(`cannot read the kernel: ${unread}`);
  const report = await reportOf(result);
  const isJson = options.get('output')?.at(-1) === 'json';
  world.write(isJson ? diffJson(report) : diffText(report, world.terminal, options.has('all')));
  return report.differences.length === 0 ? 0 : 1;
}

async function reportOf(result: PlannedTool): Promise<DiffReport> {
  const { tool, objects, planned, view } = result;
  const { reconciler, operations, kernelServers } = planned;
  const byKey = new Map(kernelServers.map((each) => [each.virtualServer.key, each]));
  const context = {
    holderOf: reconciler.desired.holderOf.bind(reconciler.desired),
    inKernel: byKey.get.bind(byKey),
  };
  return {
    node: tool.nodeName,
    objects: objects.origin,
    absent: view.absent,
    problems: objects.problems,
    wanted: wantedCount(result),
    differences: withoutImplied(operations.flatMap((operation) => differenceOf(operation, context) ?? [])),
    draining: draining(result),
    leftovers: (
      await Promise.all(planned.families.map(async (family) => leftoverChains(family, await view.rules.saved(family))))
    ).flat(),
    foreign: foreign(result),
  };
}

function wantedCount({ planned }: PlannedTool): number {
  const plans = [...planned.reconciler.desired.plans()];
  const counts = plans.map(({ virtualServers, boundAddresses, setEntries }) => {
    const realServers = virtualServers.reduce((sum, each) => sum + each.realServers.length, 0);
    return virtualServers.length + realServers + boundAddresses.length + setEntries.length;
  });
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Real servers of weight 0 that nobody wants. */
function draining({ planned }: PlannedTool): readonly OtherObject[] {
  const { reconciler, kernelServers } = planned;
  const own = ownKeys(planned);
  return kernelServers.flatMap(({ virtualServer, realServers }) => {
    const wanted = new Set(reconciler.servers.desired(virtualServer.key)?.realServers.map(({ key }) => key));
    const known = own.has(virtualServer.key);
    return realServers
      .filter((server) => known && server.weight === 0 && !wanted.has(server.key))
      .map((server) => ({
        kind: 'real server',
        object: `${virtualServer.key} ${server.key}: ${server.activeConnections} active, ${server.inactiveConnections} inactive connections`,
      }));
  });
}

function foreign({ planned }: PlannedTool): readonly OtherObject[] {
  const own = ownKeys(planned);
  return planned.kernelServers
    .filter(({ virtualServer }) => !own.has(virtualServer.key))
    .map(({ virtualServer }) => ({ kind: 'virtual server', object: virtualServer.key }));
}

/** Virtual servers of ours, those among them that the reconciler removed in its round. */
function ownKeys({ reconciler, operations, kernelServers }: PlannedTool['planned']): ReadonlySet<VirtualServerKey> {
  const keys = kernelServers.map(({ virtualServer }) => virtualServer.key);
  const isKnown = (key: VirtualServerKey) =>
    reconciler.servers.desired(key) !== undefined || reconciler.servers.observed(key) !== undefined;
  const removed = operations.flatMap((operation) =>
    operation.kind === 'deleteVirtualServer' ? [operation.virtualServer.key] : [],
  );
  return new Set([...keys.filter(isKnown), ...removed]);
}

/** Without the real servers of virtual servers that are missing altogether. */
function withoutImplied(differences: readonly Difference[]): readonly Difference[] {
  const missing = differences.filter(({ kind, how }) => kind === 'virtual server' && how === 'missing');
  const servers = new Set(missing.map(({ object }) => object));
  return differences.filter(({ kind, object }) => kind !== 'real server' || !servers.has(object.split(' ')[0] ?? ''));
}
