/** What an option of the command line does. Names are those that ipvsadm 1.31 gives them in its messages. */
export type OptionName =
  | 'numeric'
  | 'connection'
  | 'service-address'
  | 'scheduler'
  | 'persistent'
  | 'netmask'
  | 'real-server'
  | 'forwarding-method'
  | 'weight'
  | 'u-threshold'
  | 'l-threshold'
  | 'mcast-interface'
  | 'timeout'
  | 'daemon'
  | 'stats'
  | 'rate'
  | 'thresholds'
  | 'persistent-conn'
  | 'nosort'
  | 'syncid'
  | 'exact'
  | 'ops'
  | 'pe'
  | 'sync-maxlen'
  | 'mcast-group'
  | 'mcast-port'
  | 'mcast-ttl'
  | 'tun-info'
  | 'tun-type'
  | 'tun-port'
  | 'tun-nocsum'
  | 'tun-csum'
  | 'tun-remcsum'
  | 'sched-flags';

/** Commands: the first option of the command line is one, and only the first. */
export type CommandName =
  | 'list'
  | 'save'
  | 'help'
  | 'version'
  | 'add-service'
  | 'edit-service'
  | 'delete-service'
  | 'clear'
  | 'restore'
  | 'add-server'
  | 'edit-server'
  | 'delete-server'
  | 'zero'
  | 'set'
  | 'start-daemon'
  | 'stop-daemon';

/** Options without a name of their own: one says more about `-f`, the other is accepted and does nothing. */
type SilentOption = 'ipv6' | 'sort';

/** How an option is written. */
export interface OptionSyntax {
  /** One letter; empty for none. */
  readonly short: string;
  /** Empty for none. */
  readonly long: string;
  readonly argument: 'none' | 'required' | 'optional';
  readonly meaning:
    | { readonly kind: 'command'; readonly command: CommandName }
    | { readonly kind: 'option'; readonly option: OptionName }
    | { readonly kind: SilentOption };
}

function command(short: string, long: string, name: CommandName, argument: OptionSyntax['argument'] = 'none') {
  return { short, long, argument, meaning: { kind: 'command', command: name } } as const;
}

function option(short: string, long: string, name: OptionName, argument: OptionSyntax['argument'] = 'none') {
  return { short, long, argument, meaning: { kind: 'option', option: name } } as const;
}

/** Everything that ipvsadm 1.31 understands. Source: its manual page, and running it. */
export const optionTable: readonly OptionSyntax[] = [
  command('L', 'list', 'list'),
  command('l', '', 'list'),
  command('S', 'save', 'save'),
  command('h', 'help', 'help'),
  command('v', 'version', 'version'),
  command('A', 'add-service', 'add-service'),
  command('E', 'edit-service', 'edit-service'),
  command('D', 'delete-service', 'delete-service'),
  command('C', 'clear', 'clear'),
  command('R', 'restore', 'restore'),
  command('a', 'add-server', 'add-server'),
  command('e', 'edit-server', 'edit-server'),
  command('d', 'delete-server', 'delete-server'),
  command('Z', 'zero', 'zero'),
  command('', 'set', 'set'),
  command('', 'start-daemon', 'start-daemon', 'required'),
  command('', 'stop-daemon', 'stop-daemon', 'required'),
  option('t', 'tcp-service', 'service-address', 'required'),
  option('u', 'udp-service', 'service-address', 'required'),
  option('', 'sctp-service', 'service-address', 'required'),
  option('f', 'fwmark-service', 'service-address', 'required'),
  option('n', 'numeric', 'numeric'),
  option('c', 'connection', 'connection'),
  option('', 'timeout', 'timeout'),
  option('', 'daemon', 'daemon'),
  option('', 'stats', 'stats'),
  option('', 'rate', 'rate'),
  option('', 'thresholds', 'thresholds'),
  option('', 'persistent-conn', 'persistent-conn'),
  option('', 'tun-info', 'tun-info'),
  option('', 'nosort', 'nosort'),
  option('', 'exact', 'exact'),
  { short: '6', long: 'ipv6', argument: 'none', meaning: { kind: 'ipv6' } },
  { short: '', long: 'sort', argument: 'none', meaning: { kind: 'sort' } },
  option('s', 'scheduler', 'scheduler', 'required'),
  option('b', 'sched-flags', 'sched-flags', 'required'),
  option('p', 'persistent', 'persistent', 'optional'),
  option('M', 'netmask', 'netmask', 'required'),
  option('', 'pe', 'pe', 'required'),
  option('o', 'ops', 'ops'),
  option('r', 'real-server', 'real-server', 'required'),
  option('g', 'gatewaying', 'forwarding-method'),
  option('i', 'ipip', 'forwarding-method'),
  option('m', 'masquerading', 'forwarding-method'),
  option('w', 'weight', 'weight', 'required'),
  option('x', 'u-threshold', 'u-threshold', 'required'),
  option('y', 'l-threshold', 'l-threshold', 'required'),
  option('', 'tun-type', 'tun-type', 'required'),
  option('', 'tun-port', 'tun-port', 'required'),
  option('', 'tun-nocsum', 'tun-nocsum'),
  option('', 'tun-csum', 'tun-csum'),
  option('', 'tun-remcsum', 'tun-remcsum'),
  option('', 'syncid', 'syncid', 'required'),
  option('', 'sync-maxlen', 'sync-maxlen', 'required'),
  option('', 'mcast-interface', 'mcast-interface', 'required'),
  option('', 'mcast-group', 'mcast-group', 'required'),
  option('', 'mcast-port', 'mcast-port', 'required'),
  option('', 'mcast-ttl', 'mcast-ttl', 'required'),
];
