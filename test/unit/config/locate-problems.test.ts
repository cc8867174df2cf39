import { describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../../src/config/effective-config.ts';
import { ConfigError } from '../../../src/config/errors.ts';
import { version } from '../../../src/app/version.ts';

const head = 'apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n';

/** What is said of a file with this body, line 3 being its first. */
function refusal(body: string, ...flags: readonly string[]): string {
  try {
    loadConfig({ argv: ['--config=/c', ...flags], readFile: () => head + body, version });
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return 'nothing';
}

const notNegative = 'must be greater than or equal to 0';
const linux = 'KubeProxyConfiguration.KubeProxyLinuxConfiguration';
const conntrack = `${linux}.KubeProxyConntrackConfiguration`;
const aCidr = 'must be a valid CIDR, such as 10.0.0.0/8 or fd00::/8';
const ipvs = 'KubeProxyConfiguration.KubeProxyIPVSConfiguration';

describe('what a KubeProxyConfiguration cannot have is told with its place, its name there, and what it can have', () => {
  it.each([
    [
      'featureGates: {MultiCIDRServiceAllocator: false}',
      '3:43: featureGates.MultiCIDRServiceAllocator: cannot set feature gate MultiCIDRServiceAllocator to false, feature is locked to true',
    ],
    [
      'hostnameOverride: "  "',
      '3:19: hostnameOverride: empty hostname is invalid: hostnameOverride has only blanks, allowed: a name, or nothing at all',
    ],
    [
      'mode: ipvs\niptables: {masqueradeBit: 32}',
      '4:27: iptables.masqueradeBit: KubeProxyConfiguration.KubeProxyIPTablesConfiguration.MasqueradeBit: Invalid value: 32: must be within the range [0, 31]',
    ],
    [
      'mode: nftables\nnftables:\n  masqueradeBit: -1',
      '5:18: nftables.masqueradeBit: KubeProxyConfiguration.KubeProxyNFTablesConfiguration.MasqueradeBit: Invalid value: -1: must be within the range [0, 31]',
    ],
    [
      'mode: ipvs\nipvs: {scheduler: none}',
      `4:19: ipvs.scheduler: ${ipvs}.Scheduler: Invalid value: "none": is no scheduler`,
    ],
    [
      'mode: ipvs\nipvs: {tcpTimeout: -1s}',
      `4:20: ipvs.tcpTimeout: ${ipvs}.TCPTimeout: Invalid value: -1s: ${notNegative}`,
    ],
    [
      'mode: ipvs\nipvs: {tcpFinTimeout: -1s}',
      `4:23: ipvs.tcpFinTimeout: ${ipvs}.TCPFinTimeout: Invalid value: -1s: ${notNegative}`,
    ],
    [
      'mode: ipvs\nipvs: {udpTimeout: -1s}',
      `4:20: ipvs.udpTimeout: ${ipvs}.UDPTimeout: Invalid value: -1s: ${notNegative}`,
    ],
    [
      'mode: ipvs\nipvs:\n  excludeCIDRs:\n  - 10.0.0.0/8\n  - x',
      `7:5: ipvs.excludeCIDRs[1]: ${ipvs}.ExcludeCidrs[1]: Invalid value: "x": ${aCidr}`,
    ],
    [
      'conntrack: {maxPerCore: -1}',
      `3:25: conntrack.maxPerCore: ${conntrack}.MaxPerCore: Invalid value: -1: ${notNegative}`,
    ],
    ['conntrack: {min: -1}', `3:18: conntrack.min: ${conntrack}.Min: Invalid value: -1: ${notNegative}`],
    [
      'conntrack: {tcpEstablishedTimeout: -1s}',
      `3:36: conntrack.tcpEstablishedTimeout: ${conntrack}.TCPEstablishedTimeout: Invalid value: -1s`,
    ],
    [
      'conntrack: {tcpCloseWaitTimeout: -1s}',
      `3:34: conntrack.tcpCloseWaitTimeout: ${conntrack}.TCPCloseWaitTimeout: Invalid value: -1s`,
    ],
    ['conntrack: {udpTimeout: -1s}', `3:25: conntrack.udpTimeout: ${conntrack}.UDPTimeout: Invalid value: -1s`],
    [
      'conntrack: {udpStreamTimeout: -1s}',
      `3:31: conntrack.udpStreamTimeout: ${conntrack}.UDPStreamTimeout: Invalid value: -1s`,
    ],
    [
      'oomScoreAdj: 1001',
      `3:14: oomScoreAdj: ${linux}.OOMScoreAdj: Invalid value: 1001: must be within the range [-1000, 1000]`,
    ],
    [
      'mode: userspace',
      '3:7: mode: KubeProxyConfiguration.Mode.ProxyMode: Invalid value: "userspace": must be iptables, ipvs, nftables or blank',
    ],
    [
      'clientConnection: {burst: -1}',
      `3:27: clientConnection.burst: KubeProxyConfiguration.ClientConnection.Burst: Invalid value: -1: ${notNegative}`,
    ],
    [
      'configSyncPeriod: -1s',
      '3:19: configSyncPeriod: KubeProxyConfiguration.ConfigSyncPeriod: Invalid value: -1s: must be greater than 0',
    ],
    [
      'mode: ipvs\nipvs: {syncPeriod: -1s}',
      '4:20: ipvs.syncPeriod: KubeProxyConfiguration.SyncPeriod: Invalid value: -1s: must be greater than 0',
    ],
    [
      'mode: nftables\nnftables: {minSyncPeriod: -1s}',
      `4:27: nftables.minSyncPeriod: KubeProxyConfiguration.MinSyncPeriod: Invalid value: -1s: ${notNegative}`,
    ],
    [
      'mode: ipvs\nipvs: {minSyncPeriod: 31s}',
      '4:23: ipvs.minSyncPeriod: KubeProxyConfiguration.SyncPeriod: Invalid value: 31s: must be greater than or equal to KubeProxyConfiguration.MinSyncPeriod',
    ],
    [
      'iptables: {syncPeriod: 3h, minSyncPeriod: 2h}',
      '3:43: iptables.minSyncPeriod: KubeProxyConfiguration.MinSyncPeriod: Invalid value: 2h0m0s: must be at most 1h0m0s',
    ],
    [
      'bindAddress: node-1',
      '3:14: bindAddress: KubeProxyConfiguration.BindAddress: Invalid value: "node-1": not a valid textual representation of an IP address',
    ],
    [
      'healthzBindAddress: "[fd00::5]"',
      '3:21: healthzBindAddress: KubeProxyConfiguration.HealthzBindAddress: Invalid value: "[fd00::5]": must be IP:port, such as',
    ],
    [
      'metricsBindAddress: 127.0.0.1:0',
      '3:21: metricsBindAddress: KubeProxyConfiguration.MetricsBindAddress: Invalid value: "0": must be a valid port, 1 to 65535',
    ],
    [
      'nodePortAddresses: [10.0.0.0/8, x]',
      `3:33: nodePortAddresses[1]: KubeProxyConfiguration.NodePortAddresses[1]: Invalid value: "x": ${aCidr}`,
    ],
    [
      'showHiddenMetricsForVersion: "1.2"',
      '3:30: showHiddenMetricsForVersion: KubeProxyConfiguration.ShowHiddenMetricsForVersion: Invalid value: "1.2": only the previous minor version is allowed, which is 1.35',
    ],
    [
      'detectLocalMode: Guess',
      '3:18: detectLocalMode: KubeProxyConfiguration.DetectLocalMode: Unsupported value: "Guess": supported values: "BridgeInterface", "ClusterCIDR", "InterfaceNamePrefix", "NodeCIDR"',
    ],
    [
      'detectLocalMode: BridgeInterface\ndetectLocal: {bridgeInterface: ""}',
      '4:32: detectLocal.bridgeInterface: KubeProxyConfiguration.DetectLocalConfiguration.InterfaceName: Invalid value: "": must not be empty',
    ],
    [
      'detectLocalMode: InterfaceNamePrefix\ndetectLocal: {}',
      '4:14: detectLocal.interfaceNamePrefix: KubeProxyConfiguration.DetectLocalConfiguration.InterfacePrefix: Invalid value: ""',
    ],
    [
      'clusterCIDR: 10.0.0.0/8,x',
      '3:14: clusterCIDR: KubeProxyConfiguration.DetectLocalConfiguration.ClusterCIDRs[1]: Invalid value: "x": must be a valid CIDR block',
    ],
    ['mode: iptables', '3:7: mode: "iptables" is not available, this version programs IPVS only; set mode: ipvs'],
  ])('%s', (body, message) => {
    expect(refusal(body)).toMatch(/^failed (complete|validate): /);
    expect(refusal(body)).toContain(`/c:${message}`);
  });

  it.each([
    ['logging: {flushFrequency: -1s}', '3:27: logging.flushFrequency: Invalid value: -1s: must be greater than zero'],
    ['logging: {format: xml}', '3:19: logging.format: Unsupported value: "xml": supported values: "json", "text"'],
    ['logging: {verbosity: 2147483648}', '3:22: logging.verbosity: Invalid value: 2147483648: must be <= 2147483647'],
    [
      'logging: {format: json, vmodule: [{filePattern: a, verbosity: 1}]}',
      '3:34: logging.vmodule: Forbidden: only works for the text format',
    ],
    [
      'logging:\n  vmodule:\n  - {filePattern: a=b}',
      '5:5: logging.vmodule[0]: Invalid value: "a=b": the file pattern must not have equal signs or commas',
    ],
    [
      'logging: {options: {json: {splitStream: true}}}',
      '3:41: logging.options.json.splitStream: Forbidden: the feature LoggingAlphaOptions is disabled',
    ],
  ])('%s, before all others', (body, message) => {
    const told = refusal(`${body}\noomScoreAdj: 2000`);
    expect(told).toMatch(/^initialize logging: \[?\/c:/);
    expect(told).toContain(`/c:${message}`);
    expect(told).not.toContain('OOMScoreAdj');
  });

  it('all at once', () => {
    const message = refusal('oomScoreAdj: 2000\nbindAddress: x');
    expect(message).toMatch(/^failed validate: \[\/c:3:14: oomScoreAdj: .*, \/c:4:14: bindAddress: .*\]$/);
  });

  it('with the section where the field is not written, and with the file where nothing is', () => {
    expect(refusal('mode: ipvs\nipvs: {syncPeriod: 1s, minSyncPeriod: 2s}')).toContain('/c:4:39: ipvs.minSyncPeriod: ');
    expect(refusal('detectLocalMode: BridgeInterface')).toContain('/c:1:1: detectLocal.bridgeInterface: ');
  });

  it('but not where a flag stands in for the file', () => {
    expect(refusal('logging: {format: text}', '--logging-format=xml')).toMatch(
      /^initialize logging: logging\.format: /,
    );
    expect(refusal('hostnameOverride: a', '--hostname-override= ')).toMatch(/^failed complete: empty hostname/);
  });
});
