import { type ConfigProblem, problem } from './errors.ts';
import { type Flag, flagTable } from './flag-table.ts';
import type { FilePatternVerbosity, FlagValue } from './flag-types.ts';
import { type FoldedConfiguration, foldByMode } from './folded-configuration.ts';
import { kubeProxySchema } from './kube-proxy-configuration.ts';
import { listenerWithPort } from './listen-text.ts';
import type { ParsedFlags } from './parse-flags.ts';

/** Flags whose value depends on other flags, and is worked out after the rest. */
const settledLast = new Set([
  'hostname-override',
  'healthz-port',
  'metrics-port',
  'iptables-sync-period',
  'iptables-min-sync-period',
  'ipvs-sync-period',
  'ipvs-min-sync-period',
]);

/** The whole configuration from flags alone: what holds without `--config`. */
export function configurationFromFlags(flags: ParsedFlags): FoldedConfiguration {
  let folded = foldByMode(kubeProxySchema.parse({}));
  for (const flag of flagTable) {
    if (settledLast.has(flag.name) || flag.field === undefined) continue;
    const value = flags.values.get(flag.name) as FlagValue;
    if (flag.type === 'ip' && value === '') continue;
    folded = setField(folded, flag.field, fieldValue(flag, value, flags));
  }
  return withListeners(withPeriods(folded, flags), flags);
}

/** The logging flags that were given, each over its one field of the file; `--vmodule` goes before the file's. */
export function overrideLogging(folded: FoldedConfiguration, flags: ParsedFlags): FoldedConfiguration {
  const overrides = flagTable.filter((flag) => flag.withConfigFile === 'overrides' && flags.given.has(flag.name));
  return overrides.reduce((result, flag) => {
    const value = fieldValue(flag, flags.values.get(flag.name) as FlagValue, flags);
    const merged = flag.name === 'vmodule' ? [...(value as []), ...result.logging.vmodule] : value;
    return setField(result, flag.field as string, merged);
  }, folded);
}

/** `--hostname-override` over the file's; trimmed and lower-cased. A problem where only blanks are left. */
export function withHostname(
  folded: FoldedConfiguration,
  flags: ParsedFlags,
): { readonly folded: FoldedConfiguration; readonly problems: readonly ConfigProblem[] } {
  const written = (flags.values.get('hostname-override') as string) || folded.hostnameOverride;
  const hostnameOverride = written.trim().toLowerCase();
  const parts = { field: 'hostnameOverride', value: JSON.stringify(written), bound: 'a name' };
  const text = 'empty hostname is invalid: hostnameOverride has only blanks, allowed: a name, or nothing at all';
  const problems = hostnameOverride === '' && written !== '' ? [problem(text, parts)] : [];
  return { folded: { ...folded, hostnameOverride }, problems };
}

/** The object with the value at a dotted path replaced; everything else is shared. */
export function setField<T>(object: T, path: string, value: unknown): T {
  const dot = path.indexOf('.');
  const key = dot < 0 ? path : path.slice(0, dot);
  const inner = dot < 0 ? value : setField((object as Record<string, unknown>)[key], path.slice(dot + 1), value);
  return { ...object, [key]: inner };
}

function fieldValue(flag: Flag, value: FlagValue, flags: ParsedFlags): unknown {
  if (flag.name === 'cluster-cidr') return flags.given.has('cluster-cidr') ? (value as string).split(',') : [];
  if (flag.name === 'log-flush-frequency') return { nanoseconds: value, writtenAsInteger: false };
  if (flag.name === 'vmodule') return value as readonly FilePatternVerbosity[];
  return value;
}

function withPeriods(folded: FoldedConfiguration, flags: ParsedFlags): FoldedConfiguration {
  const family = folded.mode === 'ipvs' ? 'ipvs' : 'iptables';
  return {
    ...folded,
    syncPeriod: flags.values.get(`${family}-sync-period`) as bigint,
    minSyncPeriod: flags.values.get(`${family}-min-sync-period`) as bigint,
  };
}

/** Adds the ports of the old port flags; a port of 0, or an address given as blank, disables the listener. */
function withListeners(folded: FoldedConfiguration, flags: ParsedFlags): FoldedConfiguration {
  const settle = (address: string, portFlag: string): string => {
    const port = flags.values.get(portFlag) as number;
    return port === 0 || address === '' ? '' : listenerWithPort(address, port);
  };
  return {
    ...folded,
    healthzBindAddress: settle(folded.healthzBindAddress, 'healthz-port'),
    metricsBindAddress: settle(folded.metricsBindAddress, 'metrics-port'),
  };
}
