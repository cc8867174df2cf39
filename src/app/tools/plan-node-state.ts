import type { NotedOperation } from '../../cli/noted-operation.ts';
import type { ClusterTables } from '../../cluster/tables.ts';
import type { ProxyConfig } from '../../config/config.ts';
import type { ObservedVirtualServer } from '../../kernel/drivers.ts';
import { KernelModules } from '../../kernel/kernel-modules.ts';
import type { IpFamily } from '../../model/ip.ts';
import type { ServiceKey } from '../../model/service-key.ts';
import { silentLog } from '../../observe/log.ts';
import type { NodeFacts } from '../../plan/node-facts.ts';
import type { ReconcileObserver } from '../../reconcile/observer.ts';
import { Reconciler } from '../../reconcile/reconciler.ts';
import { NodeTracker } from '../objects/node-tracker.ts';
import { prepareNode } from '../node/prepare-node.ts';
import { rulePlanner } from '../rounds/rule-planner.ts';
import { breathe, systemClock } from '../system-clock.ts';
import type { NodeView } from './node-view.ts';
import { notingDrivers, notingSysctl } from './noting-drivers.ts';
import { readCapabilities } from './read-capabilities.ts';

export interface PlanNodeOptions {
  readonly tables: ClusterTables;
  readonly config: ProxyConfig;
  readonly nodeName: string;
  readonly view: NodeView;
  readonly modules?: Pick<KernelModules, 'state'>;
  /** Whether the settings of the kernel are compared too; they are not where nothing of them can be read. */
  readonly withSettings: boolean;
}

/** A node as it is wanted, and what would be written to get there. */
export interface PlannedNodeState {
  readonly facts: NodeFacts;
  readonly families: readonly IpFamily[];
  /** After a round that noted its writes instead of making them. */
  readonly reconciler: Reconciler;
  /** In the order in which the kernel would get them. */
  readonly operations: readonly NotedOperation[];
  /** Virtual servers in the kernel, ours and those of others. */
  readonly kernelServers: readonly ObservedVirtualServer[];
  /** Virtual servers that a Service wants and an older one has. */
  readonly conflicts: readonly ServiceConflict[];
}

interface ServiceConflict {
  readonly object: string;
  readonly holder: ServiceKey;
  readonly loser: ServiceKey;
}

/** Plans all Services and goes through one round of the daemon, with drivers that note what they are to write. */
export async function planNodeState(options: PlanNodeOptions): Promise<PlannedNodeState> {
  const { tables, config, nodeName, view, modules = new KernelModules() } = options;
  const operations: NotedOperation[] = [];
  const conflicts: ServiceConflict[] = [];
  const note = (operation: NotedOperation) => operations.push(operation);
  let kernelServers: readonly ObservedVirtualServer[] = [];
  const drivers = notingDrivers(view, note, (servers) => {
    kernelServers = servers;
  });
  const families = await view.rules.families();
  if (options.withSettings) await noteSettings(options, drivers.ipvs, note);
  const capabilities = async (family: IpFamily) => readCapabilities(await view.rules.saved(family), family, modules);
  const reconciler = new Reconciler({
    tables,
    drivers,
    config,
    families,
    planRules: rulePlanner({
      config,
      driver: { capabilities },
      podCidrs: () => tables.node(nodeName)?.podCidrs ?? [],
      log: silentLog,
    }),
    clock: systemClock,
    observer: observing((object, holder, loser) => conflicts.push({ object, holder, loser })),
    breathe,
  });
  const tracker = new NodeTracker({ tables, driver: drivers.address, config, nodeName, families });
  const { facts } = await tracker.update();
  await reconciler.plan(tables.serviceKeys(), facts);
  await reconciler.apply();
  await reconciler.flows.drain();
  return { facts, families, reconciler, operations, kernelServers, conflicts };
}

async function noteSettings(
  { config, view }: PlanNodeOptions,
  ipvs: Parameters<typeof prepareNode>[0]['ipvs'],
  note: (operation: NotedOperation) => void,
): Promise<void> {
  await prepareNode({
    config,
    sysctl: notingSysctl(view.sysctl, '', note),
    sysfs: notingSysctl(view.sysfs, '/sys/', note),
    ipvs,
    log: silentLog,
  });
}

function observing(conflict: ReconcileObserver['conflict']): ReconcileObserver {
  return { applied() {}, failed() {}, recovered() {}, drifted() {}, conflict };
}
