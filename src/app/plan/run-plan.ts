import type { NotedOperation } from '../../cli/noted-operation.ts';
import type { PlannedServiceReport, PlanReport } from '../../cli/plan/plan-report.ts';
import { operationsText, planJson, planText } from '../../cli/plan/print-plan.ts';
import { type ToolCommandLine, ToolUsageError } from '../../cli/tool-syntax.ts';
import { ipSetFor } from '../../plan/ip-sets.ts';
import type { ServicePlan } from '../../plan/service-plan.ts';
import { planFrom, type PlannedTool, systemSources, type ToolSources } from '../tools/plan-from.ts';
import type { ToolWorld } from '../tools/tool-world.ts';

/** Carries out `ipvs-proxier plan`; the exit code. */
export async function runPlan(
  commandLine: ToolCommandLine,
  world: ToolWorld,
  sources: ToolSources = systemSources,
): Promise<number> {
  const { options } = commandLine;
  const unclear = options.get('service')?.find((key) => !/^[^/]+\/[^/]+$/.test(key));
  if (unclear !== undefined) throw new ToolUsageError(`--service takes NAMESPACE/NAME, not ${JSON.stringify(unclear)}`);
  const report = reportOf(await planFrom(commandLine, world, sources), options.get('service'));
  if (options.get('output')?.at(-1) === 'json') world.write(planJson(report));
  else if (options.has('operations')) world.write(operationsText(report, world.terminal));
  else world.write(planText(report, world.terminal));
  return 0;
}

function reportOf(result: PlannedTool, only: readonly string[] | undefined): PlanReport {
  const { tool, objects, planned, view, comparedWith } = result;
  const plans = [...planned.reconciler.desired.plans()].filter(({ key }) => only?.includes(key) ?? true);
  const missing = only?.find((key) => !plans.some((plan) => plan.key === key));
  if (missing !== undefined) throw new Error(`there is no Service ${missing} in ${objects.origin}`);
  const services = plans.map((plan) => serviceReport(plan, result)).filter(wantsAnything);
  return {
    node: tool.nodeName,
    objects: objects.origin,
    comparedWith,
    gaps: [...view.absent, ...view.unread],
    problems: objects.problems,
    services: services.sort((a, b) => (a.key < b.key ? -1 : 1)),
    operations: only === undefined ? planned.operations : operationsOf(services, planned.operations),
  };
}

function serviceReport(plan: ServicePlan, { planned, objects }: PlannedTool): PlannedServiceReport {
  const { desired } = planned.reconciler;
  return {
    key: plan.key,
    type: objects.tables.service(plan.key)?.type ?? '',
    virtualServers: plan.virtualServers.map(({ virtualServer, realServers }) => {
      const holder = desired.holderOf(virtualServer.key);
      return { virtualServer, realServers, heldBy: holder === plan.key ? undefined : holder };
    }),
    addresses: plan.boundAddresses,
    entries: plan.setEntries.map(({ role, family, entry }) => ({
      set: ipSetFor(role, family).name,
      entry: entry.text,
    })),
    healthCheckNodePort: plan.healthCheckNodePort,
    notes: plan.notes.map(({ message }) => message),
  };
}

/** Headless Services and those of type ExternalName want nothing. */
function wantsAnything({ virtualServers, notes }: PlannedServiceReport): boolean {
  return virtualServers.length + notes.length > 0;
}

/** The operations on what these Services want. */
function operationsOf(
  services: readonly PlannedServiceReport[],
  operations: readonly NotedOperation[],
): readonly NotedOperation[] {
  const servers = new Set(
    services.flatMap((each) => each.virtualServers.map(({ virtualServer }) => virtualServer.key)),
  );
  const addresses = new Set(services.flatMap((each) => each.addresses));
  const entries = new Set(services.flatMap((each) => each.entries.map(({ set, entry }) => `${set} ${entry}`)));
  return operations.filter((operation) => {
    if ('virtualServer' in operation) return servers.has(operation.virtualServer.key);
    if ('address' in operation) return addresses.has(operation.address);
    return 'entry' in operation && entries.has(`${operation.set} ${operation.entry.text}`);
  });
}
