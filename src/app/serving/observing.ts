import { isDeepStrictEqual } from 'node:util';
import type { NotedOperation } from '../../cli/noted-operation.ts';
import { operationText } from '../../cli/operation-text.ts';
import type { ClusterTables } from '../../cluster/tables.ts';
import type { ProxierSettings } from '../../config/config.ts';
import type { LoadedSettings } from '../../config/effective-config.ts';
import { rememberVersions } from '../../kernel/rules/find-iptables.ts';
import { type CommandRunner, commandRunner } from '../../kernel/rules/run-command.ts';
import type { SeenRules } from '../../kernel/rules/seen-rules.ts';
import type { Clock } from '../../model/clock.ts';
import type { IpFamily } from '../../model/ip.ts';
import type { Klog } from '../../observe/klog.ts';
import type { Log } from '../../observe/log.ts';
import type { Metrics } from '../../observe/metrics.ts';
import { RunLoop } from '../../reconcile/run-loop.ts';
import type { ChangeMeter } from '../rounds/change-meter.ts';
import type { NodeGate } from '../objects/node-gate.ts';
import type { DaemonListener } from '../rounds/round-report.ts';
import type { NodeWork } from './serving.ts';
import { openNodeView } from '../tools/node-view.ts';
import { planNodeState } from '../tools/plan-node-state.ts';

export interface ObservingParts {
  readonly settings: LoadedSettings;
  readonly proxier: ProxierSettings;
  readonly nodeName: string;
  readonly tables: ClusterTables;
  readonly gate: Pick<NodeGate, 'letsThrough' | 'isOpen'>;
  readonly meter: Pick<ChangeMeter, 'changesDropped'>;
  readonly families: readonly IpFamily[];
  readonly listener: DaemonListener;
  readonly klog: Klog;
  readonly metrics: Pick<Metrics, 'mode'>;
  readonly clock: Clock;
  /** Opens the kernel for reading; every look opens it anew. */
  readonly openView?: typeof openNodeView;
}

/** How many times as long as a look took we wait at least until the next: looking takes at most 1 % of a core. */
const restFactor = 100;
/** Where `audit.period` is 0. */
const usualPeriodMs = 10_000;
const retryMs = 10_000;
const programLimits = { timeoutMs: 30_000, maxOutputBytes: 256 * 1024 * 1024 };
/** What is shown of the changes in the log line that counts them. */
const shownExamples = 5;

/** The work, with what serving need not find out again. */
export interface ObservingWork extends NodeWork {
  /** What the last look showed of the node's rules, all of the flavour in use; nothing before the first. */
  readonly seen: () => readonly SeenRules[];
}

/** What a look at the node showed. */
interface Picture {
  readonly counts: ReadonlyMap<string, number>;
  /** In words, in the order in which the changes would be made. */
  readonly texts: readonly string[];
}

/**
 * Tells what serving would change on this node, and changes nothing: the kernel is read and one round is gone through
 * with drivers that note what they are to write. Looks every `audit.period`, or less often where that would take more
 * than 1 % of a core. What the proxy that serves has not done yet shows until it has.
 */
export function startObserving(parts: ObservingParts): ObservingWork {
  const { tables, gate, nodeName, proxier, metrics, listener, families, klog, clock } = parts;
  const log = klog.named('app/serving/observing.ts');
  let dueMs = Number.NEGATIVE_INFINITY;
  let nodeLeaving: boolean | undefined;
  let shown: Picture | undefined;
  let seen: readonly SeenRules[] = [];
  let unread: readonly string[] = [];
  let hasEnded = false;
  const ending = new AbortController();
  const run = rememberVersions(commandRunner({ ...programLimits, signal: ending.signal }));
  const look = async () => {
    const node = tables.node(nodeName);
    if (node !== undefined && node.leaving !== nodeLeaving) {
      nodeLeaving = node.leaving;
      listener.nodeSeen(node.leaving);
    }
    if (!tables.inSync || !gate.letsThrough(node)) return;
    const startMs = clock.monotonicMs();
    tables.takeChangedServices();
    parts.meter.changesDropped();
    const flavour = seen[0]?.iptables.flavour ?? proxier.iptablesFlavour;
    const intended = await intendedOperations(parts, flavour, run);
    if (hasEnded) return;
    seen = intended.seen;
    const picture = pictureOf(intended.operations);
    metrics.mode.intended(picture.counts);
    for (const why of intended.unread.filter((each) => !unread.includes(each))) {
      log.warning('A part of the kernel cannot be read and counts as empty', { why });
    }
    unread = intended.unread;
    if (!isDeepStrictEqual(picture.texts, shown?.texts)) tell(picture, log);
    shown = picture;
    listener.succeeded(families);
    const endMs = clock.monotonicMs();
    dueMs = endMs + Math.max(proxier.auditPeriodMs || usualPeriodMs, (endMs - startMs) * restFactor);
  };
  const loop = new RunLoop({
    round: look,
    nextDueMs: () => (tables.inSync && gate.isOpen ? dueMs : undefined),
    clock,
    minIntervalMs: 0,
    retryMs,
    onError(error) {
      if (!hasEnded) log.error('The node could not be compared, will be tried again', error);
    },
  });
  const lookForTheFirstTime = () => {
    if (shown === undefined) loop.request();
  };
  listener.started?.(families);
  return {
    seen: () => seen,
    desired: { holderOf: () => undefined, plan: () => undefined },
    changed: lookForTheFirstTime,
    wake: lookForTheFirstTime,
    addressesChanged: lookForTheFirstTime,
    kernelChanged: lookForTheFirstTime,
    settingsChanged: () => loop.request(),
    // A look that is under way only reads: nobody has to wait for it.
    async stop() {
      hasEnded = true;
      ending.abort();
      void loop.stop();
      metrics.mode.intended(new Map());
    },
  };
}

async function intendedOperations(
  parts: ObservingParts,
  flavour: ProxierSettings['iptablesFlavour'],
  run: CommandRunner,
) {
  const { settings, proxier, tables, nodeName, openView = openNodeView } = parts;
  const view = await openView(flavour, 'now', run);
  try {
    const config = { ...settings.config, proxier };
    const { operations } = await planNodeState({ tables, config, nodeName, view, withSettings: true });
    return { operations, seen: view.rules.seen ?? [], unread: view.unread };
  } finally {
    view.close();
  }
}

function pictureOf(operations: readonly NotedOperation[]): Picture {
  const counts = new Map<string, number>();
  const texts: string[] = [];
  for (const operation of operations) {
    const kind = kindOf(operation);
    counts.set(kind, (counts.get(kind) ?? 0) + (operation.kind === 'deleteFlows' ? operation.flows : 1));
    const { sign, text, details } = operationText(operation);
    texts.push(`${sign} ${text}`, ...details.map((detail) => `    ${detail}`));
  }
  return { counts, texts };
}

/** Kinds of objects as metrics name them. */
function kindOf({ kind }: NotedOperation): string {
  switch (kind) {
    case 'addVirtualServer':
    case 'setVirtualServer':
    case 'deleteVirtualServer':
      return 'virtualServer';
    case 'addRealServer':
    case 'setRealServer':
    case 'deleteRealServer':
      return 'realServer';
    case 'bindAddress':
    case 'unbindAddress':
      return 'address';
    case 'createSet':
    case 'replaceSet':
      return 'ipSet';
    case 'addEntry':
    case 'deleteEntry':
      return 'setEntry';
    case 'makeInterface':
      return 'interface';
    case 'writeRules':
      return 'rules';
    case 'deleteFlows':
      return 'flow';
    case 'setSysctl':
    case 'setTimeouts':
      return 'sysctl';
  }
}

/** Once for every picture that differs from the one before. */
function tell({ counts, texts }: Picture, log: Log): void {
  if (counts.size === 0) return log.info('Serving would change nothing on this node');
  const changes = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const examples = texts.slice(0, shownExamples).join('; ');
  log.info('What serving would change on this node', { changes, ...Object.fromEntries(counts), examples });
  for (const text of texts) log.debug(2, 'Would change', { change: text });
}
