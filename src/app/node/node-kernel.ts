import type { LoadedSettings } from '../../config/effective-config.ts';
import type { ProxierSettings } from '../../config/config.ts';
import { IptablesRulesDriver, type IptablesRulesDriverOptions } from '../../kernel/rules/driver.ts';
import type { CommandRunner } from '../../kernel/rules/run-command.ts';
import type { SeenRules } from '../../kernel/rules/seen-rules.ts';
import { createSysctlDriver } from '../../kernel/sysctl/driver.ts';
import type { IpFamily } from '../../model/ip.ts';
import type { Log } from '../../observe/log.ts';
import type { Metrics } from '../../observe/metrics.ts';
import { InterfaceWatch } from './interface-watch.ts';
import { type Kernel, openKernel } from './open-kernel.ts';
import { prepareNode } from './prepare-node.ts';
import { requireRawSockets } from './require-raw-sockets.ts';
import { requireScheduler } from './require-scheduler.ts';
import { openNodeView } from '../tools/node-view.ts';

/** The kernel of this node, ready to serve Services. */
export interface NodeKernel {
  readonly kernel: Kernel;
  readonly rules: IptablesRulesDriver;
  /** Families that can be served. */
  readonly families: readonly IpFamily[];
}

/** Opens the kernel and makes the settings that need more rights than running does. Throws for what cannot be had. */
export async function prepareKernel(
  settings: LoadedSettings,
  log: Log,
  onVirtualServers?: (operations: number) => void,
): Promise<Kernel> {
  const { config } = settings;
  const kernel = await openKernel(log);
  await requireScheduler({
    ipvs: kernel.ipvs,
    scheduler: config.ipvs.scheduler,
    log,
    ...(onVirtualServers && { onWritten: onVirtualServers }),
  });
  await prepareNode({
    config,
    sysctl: createSysctlDriver(),
    sysfs: createSysctlDriver({ root: '/sys' }),
    ipvs: kernel.ipvs,
    log,
  });
  return kernel;
}

/** Opens and prepares all that serving needs. Throws for what cannot be had. */
export async function openNodeKernel(options: {
  readonly settings: LoadedSettings;
  readonly metrics: Pick<Metrics, 'proxier'>;
  readonly runCommand?: CommandRunner;
  /** What a look at the rules has shown, all of one flavour; it need not be found out again. */
  readonly seen?: readonly SeenRules[] | undefined;
  readonly log: Log;
}): Promise<NodeKernel> {
  const { settings, metrics, seen = [], log } = options;
  requireRawSockets();
  const kernel = await prepareKernel(settings, log, (operations) =>
    metrics.proxier.operations('virtualServer', 'applied', operations),
  );
  const run = options.runCommand && { run: options.runCommand };
  const choices: IptablesRulesDriverOptions[] = [{ flavour: settings.config.proxier.iptablesFlavour, ...run }];
  const [first] = seen;
  if (first !== undefined) choices.unshift({ flavour: first.iptables.flavour, seen, ...run });
  for (const choice of choices) {
    const rules = new IptablesRulesDriver(choice);
    const families = await rules.families();
    if (families.length > 0) return { kernel, rules, families };
  }
  throw new Error('iptables is not available on this host: install iptables 1.6.2 or later');
}

/** Families whose rules can be read; nothing is tried out by writing. */
export async function readableFamilies(flavour: ProxierSettings['iptablesFlavour']): Promise<readonly IpFamily[]> {
  const view = await openNodeView(flavour);
  try {
    return await view.rules.families();
  } finally {
    view.close();
  }
}

/** Interfaces are followed by notification; without the addon, or once that has ended, they are read from time to time. */
export function watchInterfaces(kernel: Kernel, onNodeChange: () => void, onOwnInterfaceRemoved: () => void, log: Log) {
  const { addon } = kernel;
  const readPeriodically = () => everyPeriod(30_000, onNodeChange);
  if (addon === undefined) return readPeriodically();
  let stopReading = () => {};
  const watch = new InterfaceWatch({
    addon,
    ownInterfaceIndex: () => kernel.address.interfaceIndex,
    onNodeChange,
    onOwnInterfaceRemoved,
    onFailure: (error) => {
      log.error('No longer told of changes of addresses, reading them every 30 seconds', error);
      stopReading = readPeriodically();
    },
  });
  return () => {
    watch.close();
    stopReading();
  };
}

function everyPeriod(periodMs: number, action: () => void): () => void {
  const timer = setInterval(action, periodMs);
  timer.unref();
  return () => clearInterval(timer);
}
