import type * as z from 'zod/mini';
import {
  bool,
  decimalNumber,
  duration,
  flushFrequency,
  integer,
  mapList,
  nullableBool,
  nullableDuration,
  nullableInteger,
  quantity,
  section,
  strictMap,
  switches,
  text,
  textList,
  unsignedInteger,
} from './schema-fields.ts';

export const kubeProxyApiVersion = 'kubeproxy.config.k8s.io/v1alpha1';
export const kubeProxyKind = 'KubeProxyConfiguration';

const streams = {
  splitStream: bool('Alpha, needs the gate LoggingAlphaOptions: information goes to stdout, errors to stderr.'),
  infoBufferSize: quantity(
    'Alpha, needs the gate LoggingAlphaOptions. Accepted and shown; up to 16 KB are buffered, for 100 ms at most.',
  ),
};

const vmodule = mapList('Verbosity for single source files; text format only. Earlier entries win.', {
  filePattern: text('Name of a source file without its ending; `*` and `?` match as in a shell.'),
  verbosity: unsignedInteger('Verbosity of that file.'),
});

const masqueradeBit = (help: string) => nullableInteger(`${help} 0 to 31.`, 14);

/** `KubeProxyConfiguration` of `kubeproxy.config.k8s.io/v1alpha1`: keys, types, defaults and what they mean. */
export const kubeProxyFields = {
  featureGates: switches('Kubernetes feature gates. Unknown names are kept and warned about.'),
  clientConnection: section('How to reach the API server.', {
    kubeconfig: text('Path of a kubeconfig; blank, without `--master`, means in-cluster.'),
    acceptContentTypes: text('Accepted and shown; objects are asked for as JSON.'),
    contentType: text(
      'Encoding of request bodies. Accepted and shown; objects are read as JSON.',
      'application/vnd.kubernetes.protobuf',
    ),
    qps: decimalNumber('Requests per second, watches excepted; negative for no limit.', 5),
    burst: integer('Requests that may exceed `qps` at once.', 10),
  }),
  logging: section('What is logged, and how.', {
    format: text('`text` (klog) or `json`.', 'text'),
    flushFrequency: flushFrequency('Longest time that a line may wait in the buffer.', '5s'),
    verbosity: unsignedInteger('Lines up to this verbosity are shown.'),
    vmodule,
    options: section('Alpha options of the formats.', {
      text: section('Of the text format.', streams),
      json: section('Of the JSON format.', streams),
    }),
  }),
  hostnameOverride: text('Name of the Node to serve; blank means the host name. Trimmed and lower-cased.'),
  bindAddress: text(
    "Overrides the node's primary IP and address family. No socket is bound to it; `0.0.0.0` and `::` override nothing.",
    '0.0.0.0',
  ),
  healthzBindAddress: text(
    'Address of the health server, `IP:port` or `IP`. Default `0.0.0.0:10256`, or `[::]:10256` when `bindAddress` is IPv6.',
  ),
  metricsBindAddress: text(
    'Address of the metrics server, `IP:port` or `IP`. Default `127.0.0.1:10249`, or `[::1]:10249` when `bindAddress` is IPv6.',
  ),
  bindAddressHardFail: bool('End the process when one of the two servers cannot listen; otherwise try every 5 s.'),
  enableProfiling: bool('Adds `/debug/flags/v` to the metrics server.'),
  showHiddenMetricsForVersion: text('Previous minor release whose since-hidden metrics are to be shown.'),
  mode: text('How Services are programmed: `ipvs`. Blank means `iptables`, as upstream.'),
  iptables: section('Settings of the iptables mode; the first two also hold for ipvs.', {
    masqueradeBit: masqueradeBit('Bit of the packet mark that asks for source NAT. Also used by ipvs.'),
    masqueradeAll: bool('Source NAT for all traffic to cluster IPs. Also used by ipvs.'),
    localhostNodePorts: nullableBool('Serve node ports on 127.0.0.0/8.', true),
    syncPeriod: duration('As that of ipvs, for this mode.', '30s'),
    minSyncPeriod: duration('As that of ipvs, for this mode; `0s` is `1s`.', '1s'),
  }),
  ipvs: section('Settings of the ipvs mode.', {
    syncPeriod: duration(
      'Twice this is how long a change may wait before `/healthz` is 503. The kernel is compared every `audit.period` of the ProxierConfiguration, and what fails is tried again after 0.5 to 30 s, neither after this.',
      '30s',
    ),
    minSyncPeriod: duration(
      'Shortest time from the end of a round to the start of the next; what changes meanwhile is one round. 0 for none. With flags instead of a file the default is `1s`.',
    ),
    scheduler: text('Scheduler of every virtual server, by its kernel name; blank means `rr`.'),
    excludeCIDRs: textList('Virtual servers in these ranges are never touched.'),
    strictARP: bool('Sets arp_ignore=1 and arp_announce=2 on all interfaces.'),
    tcpTimeout: duration('Idle time of TCP connections; 0 leaves the value of the kernel.'),
    tcpFinTimeout: duration('Idle time of TCP connections after a FIN; 0 leaves the value of the kernel.'),
    udpTimeout: duration('Idle time of UDP flows; 0 leaves the value of the kernel.'),
  }),
  nftables: section('Settings of the nftables mode.', {
    masqueradeBit: masqueradeBit('Bit of the packet mark that asks for source NAT.'),
    masqueradeAll: bool('Source NAT for all traffic to cluster IPs.'),
    syncPeriod: duration('As that of ipvs, for this mode.', '30s'),
    minSyncPeriod: duration('As that of ipvs, for this mode; `0s` is `1s`.', '1s'),
  }),
  winkernel: section('Settings for Windows; accepted and ignored.', {
    networkName: text('Ignored.'),
    sourceVip: text('Ignored.'),
    enableDSR: bool('Ignored.'),
    rootHnsEndpointName: text('Ignored.'),
    forwardHealthCheckVip: bool('Ignored.'),
  }),
  detectLocalMode: text(
    'How traffic from local pods is recognised: `ClusterCIDR`, `NodeCIDR`, `BridgeInterface` or `InterfaceNamePrefix`. Blank means `ClusterCIDR`.',
  ),
  detectLocal: section('Parameters of the two interface modes.', {
    bridgeInterface: text('Name of the interface, for BridgeInterface.'),
    interfaceNamePrefix: text('Start of the interface names, for InterfaceNamePrefix.'),
  }),
  clusterCIDR: text('Pod range of the cluster: one CIDR, or an IPv4 and an IPv6 one with a comma between.'),
  nodePortAddresses: textList(
    "CIDRs that select the node's addresses which serve node ports, or the one word `primary`; empty means all addresses.",
  ),
  oomScoreAdj: nullableInteger('OOM score adjustment of the process, -1000 to 1000.', -999),
  conntrack: section('Connection tracking settings, made once at start.', {
    maxPerCore: nullableInteger('Tracked connections per CPU; 0 leaves the limit alone and ignores `min`.', 32768),
    min: nullableInteger('Least number of tracked connections.', 131072),
    tcpEstablishedTimeout: nullableDuration(
      'Idle time of established TCP connections; 0 leaves the kernel.',
      '24h0m0s',
    ),
    tcpCloseWaitTimeout: nullableDuration('Idle time of TCP connections in CLOSE_WAIT; 0 leaves the kernel.', '1h0m0s'),
    tcpBeLiberal: bool('Sets the liberal tracking of TCP windows; false leaves the kernel.'),
    udpTimeout: duration('Idle time of unanswered UDP flows; 0 leaves the kernel.'),
    udpStreamTimeout: duration('Idle time of answered UDP flows; 0 leaves the kernel.'),
  }),
  configSyncPeriod: duration('Accepted and shown; objects are looked at when they change.', '15m0s'),
  portRange: text('Without effect.'),
  windowsRunAsService: bool('Without effect on Linux.'),
};

/** The file's content with every default but those of the two listeners, which depend on `bindAddress`. */
export const kubeProxySchema = strictMap(kubeProxyFields);

/** `KubeProxyConfiguration` as decoded: every field present, durations in nanoseconds. */
export type KubeProxyConfiguration = z.output<typeof kubeProxySchema>;
