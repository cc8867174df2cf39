import type { OptionName } from './options.ts';

/** In the order in which ipvsadm 1.31 looks at them, so that the same one of several mistakes is told. */
const checkingOrder: readonly OptionName[] = [
  'numeric',
  'connection',
  'service-address',
  'scheduler',
  'persistent',
  'netmask',
  'real-server',
  'forwarding-method',
  'weight',
  'u-threshold',
  'l-threshold',
  'mcast-interface',
  'timeout',
  'daemon',
  'stats',
  'rate',
  'thresholds',
  'persistent-conn',
  'nosort',
  'syncid',
  'exact',
  'ops',
  'pe',
  'sched-flags',
  'sync-maxlen',
  'mcast-group',
  'mcast-port',
  'mcast-ttl',
  'tun-info',
  'tun-type',
  'tun-port',
  'tun-nocsum',
  'tun-csum',
  'tun-remcsum',
];

/** What each command takes. */
const taken: Readonly<Record<'list' | 'save', ReadonlySet<OptionName>>> = {
  save: new Set(['numeric']),
  list: new Set([
    'numeric',
    'connection',
    'service-address',
    'timeout',
    'daemon',
    'stats',
    'rate',
    'thresholds',
    'persistent-conn',
    'nosort',
    'syncid',
    'exact',
    'tun-info',
  ]),
};

/** Of these a listing takes one: each says what is listed. */
const exclusive = new Set<OptionName>(['connection', 'service-address', 'timeout', 'daemon']);

/** Ways to list virtual servers, which nothing else can be listed in. */
const tableOnly: readonly OptionName[] = ['stats', 'rate', 'thresholds'];

/** Why these options do not go together with the command, in ipvsadm's words; undefined when they do. */
export function combinationRefusal(command: 'list' | 'save', options: ReadonlySet<OptionName>): string | undefined {
  let listed: OptionName | undefined;
  for (const option of checkingOrder.filter((name) => options.has(name))) {
    if (!taken[command].has(option)) return `Illegal '${option}' option with the '${command}' command`;
    if (!exclusive.has(option)) continue;
    if (listed !== undefined) {
      return `The option '${option}' conflicts with the '${listed}' option in the '${command}' command`;
    }
    listed = option;
  }
  return command === 'list' ? listingConflict(options) : undefined;
}

function listingConflict(options: ReadonlySet<OptionName>): string | undefined {
  if (!options.has('connection') && !options.has('timeout') && !options.has('daemon')) return undefined;
  const conflict =
    tableOnly.some((option) => options.has(option)) || (options.has('persistent-conn') && !options.has('connection'));
  return conflict ? 'options conflicts in the list command' : undefined;
}
