import type { FlagTypeName } from './flag-types.ts';

/** What happens to a flag when `--config` is given: nothing, still in force, or it overrides the logging section. */
type WithConfigFile = 'ignored' | 'kept' | 'overrides';

/** One command-line flag. */
export interface Flag {
  readonly name: string;
  readonly short?: string;
  readonly type: FlagTypeName;
  /** The default as one would write it on the command line. */
  readonly default: string;
  readonly help: string;
  /** Path in the folded configuration that the flag sets; absent for flags that steer the run itself. */
  readonly field?: string;
  readonly withConfigFile: WithConfigFile;
  /** Why not to use it any more; printed when it is given. */
  readonly deprecated?: string;
}

const setting = (name: string, type: FlagTypeName, standard: string, field: string, help: string): Flag => ({
  name,
  type,
  default: standard,
  help,
  field,
  withConfigFile: 'ignored',
});

const logging = (name: string, type: FlagTypeName, standard: string, field: string, help: string): Flag => ({
  ...setting(name, type, standard, `logging.${field}`, help),
  withConfigFile: 'overrides',
});

const run = (name: string, type: FlagTypeName, standard: string, help: string): Flag => ({
  name,
  type,
  default: standard,
  help,
  withConfigFile: 'kept',
});

/** Every flag. Help text, `/flagz` and the reference are made from this table. */
export const flagTable: readonly Flag[] = [
  run(
    'config',
    'string',
    '',
    'Path of the KubeProxyConfiguration file. Most other flags are ignored when it is given.',
  ),
  run('proxier-config', 'string', '', 'Path of the ProxierConfiguration file: settings that kube-proxy does not have.'),
  run(
    'manifests',
    'paths',
    '',
    'Directory or file with Services, EndpointSlices and Nodes, read instead of the API server. May be given more than once.',
  ),
  run('write-config-to', 'string', '', 'Write the effective configuration to this file and exit.'),
  run('cleanup', 'bool', 'false', 'Remove everything that was programmed, and exit.'),
  run('dry-run', 'bool', 'false', 'With --cleanup: print what would be removed, and change nothing.'),
  run('init-only', 'bool', 'false', 'Make the settings that need full privileges, and exit.'),
  run(
    'version',
    'version',
    'false',
    'Print the version and exit; raw prints every detail; a version text changes what is reported.',
  ),
  {
    ...run(
      'hostname-override',
      'string',
      '',
      'Name of the Node to serve; blank means the host name. Wins over the file.',
    ),
    field: 'hostnameOverride',
  },
  run('master', 'string', '', 'URL of the API server. Wins over the kubeconfig.'),
  run('boot-id-file', 'string', '/proc/sys/kernel/random/boot_id', 'Accepted for compatibility, without effect.'),
  run(
    'machine-id-file',
    'string',
    '/etc/machine-id,/var/lib/dbus/machine-id',
    'Accepted for compatibility, without effect.',
  ),

  setting(
    'kubeconfig',
    'string',
    '',
    'clientConnection.kubeconfig',
    'Path of a kubeconfig; blank, without --master, means in-cluster.',
  ),
  setting(
    'kube-api-content-type',
    'string',
    'application/vnd.kubernetes.protobuf',
    'clientConnection.contentType',
    'Encoding of requests. Accepted and shown; objects are read as JSON.',
  ),
  setting(
    'kube-api-qps',
    'float32',
    '5',
    'clientConnection.qps',
    'Requests per second to the API server, watches excepted.',
  ),
  setting(
    'kube-api-burst',
    'int32',
    '10',
    'clientConnection.burst',
    'Requests that may exceed --kube-api-qps at once.',
  ),
  setting('feature-gates', 'switches', '', 'featureGates', 'Feature gates as Name=true,Name=false.'),
  setting('bind-address', 'ip', '0.0.0.0', 'bindAddress', "Overrides the node's primary IP. No socket is bound to it."),
  setting(
    'healthz-bind-address',
    'listener',
    '0.0.0.0:10256',
    'healthzBindAddress',
    'Address of the health server; blank disables it.',
  ),
  setting(
    'metrics-bind-address',
    'listener',
    '127.0.0.1:10249',
    'metricsBindAddress',
    'Address of the metrics server; blank disables it.',
  ),
  setting(
    'bind-address-hard-fail',
    'bool',
    'false',
    'bindAddressHardFail',
    'End the process when one of the two servers cannot listen.',
  ),
  setting('profiling', 'bool', 'false', 'enableProfiling', 'Adds /debug/flags/v to the metrics server.'),
  setting(
    'show-hidden-metrics-for-version',
    'string',
    '',
    'showHiddenMetricsForVersion',
    'Previous minor release whose since-hidden metrics are to be shown.',
  ),
  setting('proxy-mode', 'string', '', 'mode', 'How Services are programmed: ipvs. Blank means iptables, as upstream.'),
  setting(
    'iptables-masquerade-bit',
    'int32',
    '14',
    'iptables.masqueradeBit',
    'Bit of the packet mark that asks for source NAT, 0 to 31. Also used by ipvs.',
  ),
  setting(
    'iptables-localhost-nodeports',
    'bool',
    'true',
    'iptables.localhostNodePorts',
    'Serve node ports on 127.0.0.0/8 (iptables mode).',
  ),
  setting('masquerade-all', 'bool', 'false', 'masqueradeAll', 'Source NAT for all traffic to cluster IPs.'),
  setting('iptables-sync-period', 'duration', '30s', 'syncPeriod', 'As --ipvs-sync-period, for the other modes.'),
  setting(
    'iptables-min-sync-period',
    'duration',
    '1s',
    'minSyncPeriod',
    'Shortest time between two rounds; not for ipvs.',
  ),
  setting(
    'ipvs-sync-period',
    'duration',
    '30s',
    'syncPeriod',
    'Twice this is how long a change may wait before /healthz is 503. The kernel is compared every audit.period.',
  ),
  setting('ipvs-min-sync-period', 'duration', '1s', 'minSyncPeriod', 'Shortest time between two rounds, for ipvs.'),
  setting('ipvs-scheduler', 'string', '', 'ipvs.scheduler', 'Scheduler of every virtual server; blank means rr.'),
  setting('ipvs-exclude-cidrs', 'list', '', 'ipvs.excludeCIDRs', 'Virtual servers in these CIDRs are never touched.'),
  setting(
    'ipvs-strict-arp',
    'bool',
    'false',
    'ipvs.strictARP',
    'Sets arp_ignore=1 and arp_announce=2 on all interfaces.',
  ),
  setting(
    'ipvs-tcp-timeout',
    'duration',
    '0s',
    'ipvs.tcpTimeout',
    'Idle time of TCP connections; 0 leaves the value of the kernel.',
  ),
  setting(
    'ipvs-tcpfin-timeout',
    'duration',
    '0s',
    'ipvs.tcpFinTimeout',
    'Idle time of TCP connections after a FIN; 0 leaves the value of the kernel.',
  ),
  setting(
    'ipvs-udp-timeout',
    'duration',
    '0s',
    'ipvs.udpTimeout',
    'Idle time of UDP flows; 0 leaves the value of the kernel.',
  ),
  setting(
    'detect-local-mode',
    'string',
    '',
    'detectLocalMode',
    'How traffic from local pods is recognised: ClusterCIDR, NodeCIDR, BridgeInterface or InterfaceNamePrefix.',
  ),
  setting(
    'pod-bridge-interface',
    'string',
    '',
    'detectLocal.bridgeInterface',
    'Name of the interface, for BridgeInterface.',
  ),
  setting(
    'pod-interface-name-prefix',
    'string',
    '',
    'detectLocal.interfaceNamePrefix',
    'Start of the interface names, for InterfaceNamePrefix.',
  ),
  setting(
    'cluster-cidr',
    'string',
    '',
    'detectLocal.clusterCIDRs',
    'Pod range of the cluster: one CIDR, or an IPv4 and an IPv6 one with a comma between.',
  ),
  setting(
    'nodeport-addresses',
    'list',
    '',
    'nodePortAddresses',
    'CIDRs that select the addresses which serve node ports, or primary; empty means all.',
  ),
  setting('oom-score-adj', 'int32', '-999', 'oomScoreAdj', 'OOM score adjustment of the process, -1000 to 1000.'),
  setting(
    'conntrack-max-per-core',
    'int32',
    '32768',
    'conntrack.maxPerCore',
    'Tracked connections per CPU; 0 leaves the limit alone and ignores --conntrack-min.',
  ),
  setting('conntrack-min', 'int32', '131072', 'conntrack.min', 'Least number of tracked connections.'),
  setting(
    'conntrack-tcp-timeout-established',
    'duration',
    '24h0m0s',
    'conntrack.tcpEstablishedTimeout',
    'Idle time of established TCP connections; 0 leaves the kernel.',
  ),
  setting(
    'conntrack-tcp-timeout-close-wait',
    'duration',
    '1h0m0s',
    'conntrack.tcpCloseWaitTimeout',
    'Idle time of TCP connections in CLOSE_WAIT; 0 leaves the kernel.',
  ),
  setting(
    'conntrack-tcp-be-liberal',
    'bool',
    'false',
    'conntrack.tcpBeLiberal',
    'Sets the liberal tracking of TCP windows; false leaves the kernel.',
  ),
  setting(
    'conntrack-udp-timeout',
    'duration',
    '0s',
    'conntrack.udpTimeout',
    'Idle time of unanswered UDP flows; 0 leaves the kernel.',
  ),
  setting(
    'conntrack-udp-timeout-stream',
    'duration',
    '0s',
    'conntrack.udpStreamTimeout',
    'Idle time of answered UDP flows; 0 leaves the kernel.',
  ),
  setting(
    'config-sync-period',
    'duration',
    '15m0s',
    'configSyncPeriod',
    'Accepted and shown; objects are looked at when they change.',
  ),
  {
    ...setting(
      'healthz-port',
      'int32',
      '10256',
      'healthzBindAddress',
      'Port of the health server where --healthz-bind-address has none; 0 disables it.',
    ),
    deprecated: 'use --healthz-bind-address',
  },
  {
    ...setting(
      'metrics-port',
      'int32',
      '10249',
      'metricsBindAddress',
      'Port of the metrics server where --metrics-bind-address has none; 0 disables it.',
    ),
    deprecated: 'use --metrics-bind-address',
  },

  { ...logging('v', 'uint32', '0', 'verbosity', 'Lines up to this verbosity are shown.'), short: 'v' },
  logging('vmodule', 'patterns', '', 'vmodule', 'Verbosity for single source files; text format only.'),
  logging('logging-format', 'string', 'text', 'format', 'text or json.'),
  logging(
    'log-flush-frequency',
    'duration',
    '5s',
    'flushFrequency',
    'Longest time that a line may wait in the buffer.',
  ),
  logging(
    'log-text-split-stream',
    'bool',
    'false',
    'options.text.splitStream',
    'Alpha: information goes to stdout, errors to stderr.',
  ),
  logging(
    'log-json-split-stream',
    'bool',
    'false',
    'options.json.splitStream',
    'Alpha: information goes to stdout, errors to stderr.',
  ),
  logging(
    'log-text-info-buffer-size',
    'quantity',
    '0',
    'options.text.infoBufferSize',
    'Alpha: accepted and shown; up to 16 KB are buffered, for 100 ms at most.',
  ),
  logging(
    'log-json-info-buffer-size',
    'quantity',
    '0',
    'options.json.infoBufferSize',
    'Alpha: accepted and shown; up to 16 KB are buffered, for 100 ms at most.',
  ),
];
