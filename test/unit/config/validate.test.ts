import { describe, expect, it } from '@jest/globals';
import { configurationFromFlags, setField } from '../../../src/config/apply-flags.ts';
import { withLinuxDefaults } from '../../../src/config/folded-configuration.ts';
import { parseGoDuration } from '../../../src/config/go-duration.ts';
import { parseFlags } from '../../../src/config/parse-flags.ts';
import { validateConfiguration } from '../../../src/config/validate.ts';
import { validateLogging } from '../../../src/config/validate-logging.ts';

type Change = readonly [path: string, value: unknown];

const good = withLinuxDefaults(configurationFromFlags(parseFlags(['--proxy-mode=ipvs'])));
const changed = (changes: readonly Change[]) =>
  changes.reduce((folded, [path, value]) => setField(folded, path, value), good);
const problems = (...changes: Change[]): string[] =>
  validateConfiguration(changed(changes), 36).map((each) => each.message.replaceAll('KubeProxyConfiguration.', ''));
const duration = parseGoDuration;

const linux = 'KubeProxyLinuxConfiguration.';
const conntrack = `${linux}KubeProxyConntrackConfiguration.`;
const notNegative = 'must be greater than or equal to 0';

it('accepts the defaults in every mode', () => {
  for (const mode of ['ipvs', 'iptables', 'nftables', '']) expect(problems(['mode', mode])).toEqual([]);
});

describe('rules', () => {
  it.each<[string, readonly Change[], readonly string[]]>([
    [
      'mark bit',
      [['iptables.masqueradeBit', 32]],
      ['KubeProxyIPTablesConfiguration.MasqueradeBit: Invalid value: 32: must be within the range [0, 31]'],
    ],
    [
      'mark bit in other modes',
      [
        ['mode', 'nftables'],
        ['iptables.masqueradeBit', -1],
      ],
      ['KubeProxyIPTablesConfiguration.MasqueradeBit: Invalid value: -1: must be within the range [0, 31]'],
    ],
    [
      'ipvs.tcpTimeout',
      [['ipvs.tcpTimeout', duration('-1s')]],
      [`KubeProxyIPVSConfiguration.TCPTimeout: Invalid value: -1s: ${notNegative}`],
    ],
    [
      'ipvs.tcpFinTimeout',
      [['ipvs.tcpFinTimeout', duration('-1s')]],
      [`KubeProxyIPVSConfiguration.TCPFinTimeout: Invalid value: -1s: ${notNegative}`],
    ],
    [
      'ipvs.udpTimeout',
      [['ipvs.udpTimeout', duration('-1s')]],
      [`KubeProxyIPVSConfiguration.UDPTimeout: Invalid value: -1s: ${notNegative}`],
    ],
    [
      'ipvs timeouts in other modes',
      [
        ['mode', 'iptables'],
        ['ipvs.udpTimeout', duration('-1s')],
      ],
      [],
    ],
    [
      'ipvs.excludeCIDRs',
      [['ipvs.excludeCIDRs', ['10.0.0.0/8', 'x', '10.0.0.1']]],
      [
        'KubeProxyIPVSConfiguration.ExcludeCidrs[1]: Invalid value: "x": must be a valid CIDR, such as 10.0.0.0/8 or fd00::/8',
        'KubeProxyIPVSConfiguration.ExcludeCidrs[2]: Invalid value: "10.0.0.1": must be a valid CIDR, such as 10.0.0.0/8 or fd00::/8',
      ],
    ],
    ['leading zeros and host bits', [['ipvs.excludeCIDRs', ['010.0.0.1/08']]], []],
    [
      'a scheduler that is none',
      [['ipvs.scheduler', 'none']],
      [
        'KubeProxyIPVSConfiguration.Scheduler: Invalid value: "none": is no scheduler: to the kernel it is a virtual server that schedules nothing and refuses every connection',
      ],
    ],
    [
      'a scheduler whose name no module can have',
      [['ipvs.scheduler', 'round robin']],
      [
        'KubeProxyIPVSConfiguration.Scheduler: Invalid value: "round robin": must be the kernel name of a scheduler, e.g. rr, lc, sh or mh: letters, digits, - and _, at most 15',
      ],
    ],
    [
      'a scheduler whose name the kernel would cut off',
      [['ipvs.scheduler', 'wlcwlcwlcwlcwlcw']],
      [
        'KubeProxyIPVSConfiguration.Scheduler: Invalid value: "wlcwlcwlcwlcwlcw": must be the kernel name of a scheduler, e.g. rr, lc, sh or mh: letters, digits, - and _, at most 15',
      ],
    ],
    ['a scheduler that nobody knows here', [['ipvs.scheduler', 'my_own-1']], []],
    [
      'none in another mode',
      [
        ['ipvs.scheduler', 'none'],
        ['mode', 'iptables'],
      ],
      [],
    ],
    [
      'nftables mark bit',
      [
        ['mode', 'nftables'],
        ['nftables.masqueradeBit', 32],
      ],
      ['KubeProxyNFTablesConfiguration.MasqueradeBit: Invalid value: 32: must be within the range [0, 31]'],
    ],
    ['nftables mark bit in other modes', [['nftables.masqueradeBit', 32]], []],
    [
      'conntrack.maxPerCore',
      [['conntrack.maxPerCore', -1]],
      [`${conntrack}MaxPerCore: Invalid value: -1: ${notNegative}`],
    ],
    ['conntrack.min', [['conntrack.min', -1]], [`${conntrack}Min: Invalid value: -1: ${notNegative}`]],
    [
      'conntrack timeouts',
      [
        ['conntrack.tcpEstablishedTimeout', duration('-1s')],
        ['conntrack.tcpCloseWaitTimeout', duration('-2s')],
        ['conntrack.udpTimeout', duration('-3s')],
        ['conntrack.udpStreamTimeout', duration('-4s')],
      ],
      [
        `${conntrack}TCPEstablishedTimeout: Invalid value: -1s: ${notNegative}`,
        `${conntrack}TCPCloseWaitTimeout: Invalid value: -2s: ${notNegative}`,
        `${conntrack}UDPTimeout: Invalid value: -3s: ${notNegative}`,
        `${conntrack}UDPStreamTimeout: Invalid value: -4s: ${notNegative}`,
      ],
    ],
    [
      'oomScoreAdj, too high',
      [['oomScoreAdj', 1001]],
      [`${linux}OOMScoreAdj: Invalid value: 1001: must be within the range [-1000, 1000]`],
    ],
    [
      'oomScoreAdj, too low',
      [['oomScoreAdj', -1001]],
      [`${linux}OOMScoreAdj: Invalid value: -1001: must be within the range [-1000, 1000]`],
    ],
    ['oomScoreAdj, at its bounds', [['oomScoreAdj', -1000]], []],
    [
      'mode',
      [['mode', 'x']],
      [
        'Mode.ProxyMode: Invalid value: "x": must be iptables, ipvs, nftables or blank (blank currently means iptables)',
      ],
    ],
    ['burst', [['clientConnection.burst', -1]], [`ClientConnection.Burst: Invalid value: -1: ${notNegative}`]],
    [
      'burst of zero with a rate',
      [['clientConnection.burst', 0]],
      ['ClientConnection.Burst: Invalid value: 0: must be greater than 0 while QPS is'],
    ],
    [
      'burst of zero without a rate',
      [
        ['clientConnection.burst', 0],
        ['clientConnection.qps', -1],
      ],
      [],
    ],
    ['configSyncPeriod', [['configSyncPeriod', 0n]], ['ConfigSyncPeriod: Invalid value: 0s: must be greater than 0']],
    [
      'syncPeriod',
      [
        ['syncPeriod', 0n],
        ['minSyncPeriod', 0n],
      ],
      ['SyncPeriod: Invalid value: 0s: must be greater than 0'],
    ],
    ['minSyncPeriod', [['minSyncPeriod', duration('-1s')]], [`MinSyncPeriod: Invalid value: -1s: ${notNegative}`]],
    [
      'minSyncPeriod above syncPeriod',
      [['minSyncPeriod', duration('31s')]],
      ['SyncPeriod: Invalid value: 31s: must be greater than or equal to MinSyncPeriod'],
    ],
    [
      'both periods wrong',
      [['syncPeriod', 0n]],
      [
        'SyncPeriod: Invalid value: 0s: must be greater than 0',
        'SyncPeriod: Invalid value: 1s: must be greater than or equal to MinSyncPeriod',
      ],
    ],
    [
      'minSyncPeriod above an hour',
      [
        ['mode', 'iptables'],
        ['syncPeriod', duration('3h')],
        ['minSyncPeriod', duration('2h')],
      ],
      ['MinSyncPeriod: Invalid value: 2h0m0s: must be at most 1h0m0s'],
    ],
    [
      'minSyncPeriod above an hour for ipvs',
      [
        ['syncPeriod', duration('3h')],
        ['minSyncPeriod', duration('2h')],
      ],
      [],
    ],
    [
      'bindAddress',
      [['bindAddress', '[::]']],
      [
        'BindAddress: Invalid value: "[::]": not a valid textual representation of an IP address, such as 10.0.0.1 or fd00::1: no port, brackets or zone',
      ],
    ],
    [
      'bindAddress with a zone',
      [['bindAddress', 'fe80::1%eth0']],
      [
        'BindAddress: Invalid value: "fe80::1%eth0": not a valid textual representation of an IP address, such as 10.0.0.1 or fd00::1: no port, brackets or zone',
      ],
    ],
    [
      'listener without a port',
      [['healthzBindAddress', '[fd00::5]']],
      ['HealthzBindAddress: Invalid value: "[fd00::5]": must be IP:port, such as 0.0.0.0:10256 or [::]:10256'],
    ],
    [
      'listener with a wrong host and port',
      [['metricsBindAddress', 'localhost:0']],
      [
        'MetricsBindAddress: Invalid value: "localhost": must be a valid IP, such as 10.0.0.1 or fd00::1',
        'MetricsBindAddress: Invalid value: "0": must be a valid port, 1 to 65535',
      ],
    ],
    [
      'listener with a blank host',
      [['metricsBindAddress', ':10249']],
      ['MetricsBindAddress: Invalid value: "": must be a valid IP, such as 10.0.0.1 or fd00::1'],
    ],
    [
      'listener with a port that is too large',
      [['healthzBindAddress', '1.2.3.4:65536']],
      ['HealthzBindAddress: Invalid value: "65536": must be a valid port, 1 to 65535'],
    ],
    [
      'disabled listeners',
      [
        ['healthzBindAddress', ''],
        ['metricsBindAddress', ''],
      ],
      [],
    ],
    [
      'nodePortAddresses',
      [['nodePortAddresses', ['10.0.0.0/8', 'x', ' 10.0.0.0/8']]],
      [
        'NodePortAddresses[1]: Invalid value: "x": must be a valid CIDR, such as 10.0.0.0/8 or fd00::/8',
        'NodePortAddresses[2]: Invalid value: " 10.0.0.0/8": must be a valid CIDR, such as 10.0.0.0/8 or fd00::/8',
      ],
    ],
    ['primary alone', [['nodePortAddresses', ['primary']]], []],
    [
      'primary first',
      [['nodePortAddresses', ['primary', 'x']]],
      [
        "NodePortAddresses[0]: Invalid value: \"primary\": can't use both 'primary' and CIDRs: 'primary' must be the only entry",
      ],
    ],
    [
      'primary later',
      [['nodePortAddresses', ['x', 'primary', 'y', 'primary']]],
      [
        'NodePortAddresses[0]: Invalid value: "x": must be a valid CIDR, such as 10.0.0.0/8 or fd00::/8',
        "NodePortAddresses[1]: Invalid value: \"primary\": can't use both 'primary' and CIDRs: 'primary' must be the only entry",
      ],
    ],
    ['the previous minor release', [['showHiddenMetricsForVersion', '1.35']], []],
    [
      'another release',
      [['showHiddenMetricsForVersion', '1.34']],
      ['ShowHiddenMetricsForVersion: Invalid value: "1.34": only the previous minor version is allowed, which is 1.35'],
    ],
    [
      'detectLocalMode',
      [['detectLocalMode', 'x']],
      [
        'DetectLocalMode: Unsupported value: "x": supported values: "BridgeInterface", "ClusterCIDR", "InterfaceNamePrefix", "NodeCIDR"',
      ],
    ],
    [
      'a missing interface',
      [['detectLocalMode', 'BridgeInterface']],
      [
        'DetectLocalConfiguration.InterfaceName: Invalid value: "": must not be empty: the name of the bridge that pods are on',
      ],
    ],
    [
      'a missing prefix',
      [['detectLocalMode', 'InterfaceNamePrefix']],
      [
        'DetectLocalConfiguration.InterfacePrefix: Invalid value: "": must not be empty: what the names of the interfaces of pods begin with',
      ],
    ],
    ['a dual-stack pair', [['detectLocal.clusterCIDRs', ['fd00::/8', '10.0.0.0/8']]], []],
    [
      'two of one family',
      [['detectLocal.clusterCIDRs', ['10.0.0.0/8', '11.0.0.0/8']]],
      [
        'DetectLocalConfiguration.ClusterCIDRs: Invalid value: "10.0.0.0/8,11.0.0.0/8": only a single CIDR or a dual-stack pair is allowed',
      ],
    ],
    [
      'three cluster CIDRs',
      [['detectLocal.clusterCIDRs', ['10.0.0.0/8', 'fd00::/8', '11.0.0.0/8']]],
      [
        'DetectLocalConfiguration.ClusterCIDRs: Invalid value: "10.0.0.0/8,fd00::/8,11.0.0.0/8": only a single CIDR or a dual-stack pair is allowed',
      ],
    ],
    [
      'a blank cluster CIDR',
      [['detectLocal.clusterCIDRs', ['10.0.0.0/8', '']]],
      [
        'DetectLocalConfiguration.ClusterCIDRs[1]: Invalid value: "": must be a valid CIDR block (e.g. 10.100.0.0/16 or fde4:8dba:82e1::/48)',
      ],
    ],
    [
      'a cluster CIDR nobody uses',
      [
        ['detectLocalMode', 'NodeCIDR'],
        ['detectLocal.clusterCIDRs', ['x']],
      ],
      [],
    ],
  ])('%s', (_name, changes, expected) => {
    expect(problems(...changes)).toEqual(expected);
  });

  it('are reported together and in order', () => {
    const paths = validateConfiguration(
      changed([
        ['detectLocalMode', 'x'],
        ['iptables.masqueradeBit', 32],
        ['mode', 'x'],
        ['conntrack.min', -1],
      ]),
      36,
    ).map((each) => each.field);
    expect(paths).toEqual([
      'KubeProxyConfiguration.KubeProxyIPTablesConfiguration.MasqueradeBit',
      'KubeProxyConfiguration.KubeProxyLinuxConfiguration.KubeProxyConntrackConfiguration.Min',
      'KubeProxyConfiguration.Mode.ProxyMode',
      'KubeProxyConfiguration.DetectLocalMode',
    ]);
  });
});

describe('rules of the logging section', () => {
  const logging = (changes: readonly Change[], gates: Readonly<Record<string, boolean>> = {}): string[] =>
    validateLogging(changed(changes).logging, gates).map((each) => each.message);

  it.each<[string, readonly Change[], readonly string[]]>([
    ['the defaults', [], []],
    [
      'flushFrequency',
      [['logging.flushFrequency', { nanoseconds: -1_000_000_000n, writtenAsInteger: false }]],
      ['logging.flushFrequency: Invalid value: -1s: must be greater than zero'],
    ],
    [
      'verbosity',
      [['logging.verbosity', 2147483648]],
      ['logging.verbosity: Invalid value: 2147483648: must be <= 2147483647'],
    ],
    [
      'vmodule with json',
      [
        ['logging.format', 'json'],
        ['logging.vmodule', [{ filePattern: 'a', verbosity: 1 }]],
      ],
      ['logging.vmodule: Forbidden: only works for the text format'],
    ],
    [
      'a blank pattern',
      [['logging.vmodule', [{ filePattern: '', verbosity: 1 }]]],
      ['logging.vmodule[0]: Required value: the file pattern must not be empty'],
    ],
    [
      'a pattern with an equals sign',
      [
        [
          'logging.vmodule',
          [
            { filePattern: 'a', verbosity: 1 },
            { filePattern: 'a=b', verbosity: 2147483648 },
          ],
        ],
      ],
      [
        'logging.vmodule[1]: Invalid value: "a=b": the file pattern must not have equal signs or commas',
        'logging.vmodule[1]: Invalid value: 2147483648: must be <= 2147483647',
      ],
    ],
    [
      'splitStream',
      [['logging.options.text.splitStream', true]],
      [
        'logging.options.text.splitStream: Forbidden: the feature LoggingAlphaOptions is disabled, so it must be left out',
      ],
    ],
    [
      'infoBufferSize',
      [['logging.options.json.infoBufferSize', '1Ki']],
      [
        'logging.options.json.infoBufferSize: Forbidden: the feature LoggingAlphaOptions is disabled, so it must be left out',
      ],
    ],
    ['an infoBufferSize of zero', [['logging.options.json.infoBufferSize', '0Mi']], []],
  ])('%s', (_name, changes, expected) => {
    expect(logging(changes)).toEqual(expected);
  });

  it('allow the alpha options behind their gate', () => {
    const changes: readonly Change[] = [['logging.options.text.splitStream', true]];
    expect(logging(changes, { LoggingAlphaOptions: true })).toEqual([]);
  });

  it('refuse json without its gate', () => {
    expect(logging([['logging.format', 'json']], { LoggingBetaOptions: false })).toEqual([
      'logging.format: Forbidden: json needs the feature gate LoggingBetaOptions',
    ]);
  });
});
