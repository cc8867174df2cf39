import type { LoadedSettings } from '../../config/effective-config.ts';
import type { ProxyConfig } from '../../config/config.ts';

type ReadConfiguration = Pick<LoadedSettings, 'config' | 'v1alpha1'>;

/** A nested value made of plain objects, lists and scalars. */
type Tree = Readonly<Record<string, unknown>>;

/** Fields of `ProxierConfiguration` that a running process does not take up, by where they are in `ProxyConfig`. */
const fixedProxierFields: Readonly<Record<string, string>> = {
  iptablesFlavour: 'iptables.flavour',
  'operation.mode': 'operation',
  'operation.otherProxy': 'otherProxy',
  'operation.waitingHealthzPort': 'waiting.healthzPort',
  'operation.waitingMetricsPort': 'waiting.metricsPort',
  'apiServer.urls': 'apiServer.urls',
  'apiServer.tlsServerName': 'apiServer.tlsServerName',
  'apiServer.discovery': 'apiServer.discovery',
  'apiServer.cacheFile': 'apiServer.cacheFile',
  knownNodes: 'knownNodes',
  statusSocket: 'statusSocket',
  keepPrivileges: 'keepPrivileges',
};

/**
 * Fields, as they are called in their files, whose new values only a new process takes up; empty when there are none.
 * Fields that mean nothing here, such as those of other modes, do not count.
 */
export function fieldsForRestart(before: ReadConfiguration, next: ReadConfiguration): readonly string[] {
  const ours = changedFields({ ...before.config.proxier }, { ...next.config.proxier });
  const fixed = ours.flatMap((path) => fixedProxierFields[path] ?? []);
  if (isSame(withoutLive(before.config), withoutLive(next.config))) return fixed;
  const theirs = changedFields(before.v1alpha1, next.v1alpha1).filter((path) => path !== 'logging.verbosity');
  return [...theirs, ...fixed];
}

/** What upstream's file says, but for what is taken up while running. */
function withoutLive({ proxier: _, ...theirs }: ProxyConfig): object {
  return { ...theirs, logging: { ...theirs.logging, verbosity: 0 } };
}

/** Whether two values are the same when they are written down. */
export function isSame(a: object, b: object): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/**
 * Paths of the fields in which two configurations differ, e.g. `ipvs.scheduler`. Lists and scalars are compared as a
 * whole; absent and undefined are the same.
 */
function changedFields(before: Tree, next: Tree, prefix = ''): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(next)]);
  return [...names].flatMap((name) => {
    const [one, other] = [before[name], next[name]];
    if (JSON.stringify(one) === JSON.stringify(other)) return [];
    const path = `${prefix}${name}`;
    return isTree(one) && isTree(other) ? changedFields(one, other, `${path}.`) : [path];
  });
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
