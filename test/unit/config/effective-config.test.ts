import { describe, expect, it } from '@jest/globals';
import { loadConfig, type LoadedSettings } from '../../../src/config/effective-config.ts';
import { ConfigError, UsageError } from '../../../src/config/errors.ts';

const version = { major: 1, minor: 36, patch: 0, text: 'v1.36.0' };
const head = 'apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n';
const proxierHead = 'apiVersion: ipvs-proxier.io/v1alpha1\nkind: ProxierConfiguration\n';

function load(argv: readonly string[], files: Readonly<Record<string, string>> = {}) {
  const readFile = (path: string): string => {
    const text = files[path];
    if (text === undefined) throw new Error('ENOENT: no such file or directory');
    return text;
  };
  return loadConfig({ argv, readFile, version });
}

function settings(argv: readonly string[], files: Readonly<Record<string, string>> = {}): LoadedSettings {
  const invocation = load(argv, files);
  if (!('settings' in invocation)) throw new Error(`unexpected ${invocation.kind}`);
  return invocation.settings;
}

/** Settings from a file in mode ipvs, with flags behind it. */
const fromFile = (body: string, ...argv: string[]): LoadedSettings =>
  settings(['--config=/c', ...argv], { '/c': `${head}mode: ipvs\n${body}` });
const fromFlags = (...argv: string[]): LoadedSettings => settings(['--proxy-mode=ipvs', ...argv]);

function failure(run: () => unknown): ConfigError {
  try {
    run();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('what the command line asks for', () => {
  it.each([
    [['--proxy-mode=ipvs'], 'run'],
    [['--proxy-mode=ipvs', '--init-only'], 'initOnly'],
    [['--cleanup'], 'cleanup'],
    [['--cleanup', '--init-only'], 'cleanup'],
    [['--cleanup', '--dry-run'], 'cleanup'],
    [['--write-config-to=/x', '--cleanup'], 'writeConfiguration'],
    [['--version'], 'printVersion'],
    [['--help'], 'printHelp'],
    [['--version', '--config=/missing'], 'printVersion'],
  ])('%j is %s', (argv, kind) => {
    expect(load(argv).kind).toBe(kind);
  });

  it('refuses a dry run of anything but the clean-up', () => {
    expect(() => load(['--dry-run'])).toThrow(new UsageError('--dry-run', '--dry-run goes with --cleanup only'));
  });

  it('prints every flag in the help text', () => {
    const invocation = load(['-h']);
    const text = invocation.kind === 'printHelp' ? invocation.text : '';
    expect(text).toContain('  -v, --v Level\n');
    expect(text).toContain('      --proxier-config string\n');
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  it('goes on with another version text for the same release', () => {
    expect(settings(['--proxy-mode=ipvs', '--version=v1.36.0-gke.1']).version.text).toBe('v1.36.0-gke.1');
    expect(fromFlags().version).toEqual(version);
    expect(fromFlags('--version=false').version).toEqual(version);
  });

  it.each(['v1.35.0', 'v1.36.1', '1.36.0', 'sometimes'])('refuses --version=%s', (text) => {
    expect(() => load([`--version=${text}`])).toThrow(UsageError);
  });
});

describe('modes', () => {
  it.each([
    ['blank, from flags', []],
    ['iptables', ['--proxy-mode=iptables']],
    ['nftables', ['--proxy-mode=nftables']],
  ])('cannot run in mode %s, and says how to set it', (_name, argv) => {
    const error = failure(() => load(argv));
    expect(error).toMatchObject({ phase: 'validate', exitCode: 1, field: 'mode', bound: 'ipvs' });
    expect(error.message).toMatch(/this version programs IPVS only; set mode: ipvs .* or --proxy-mode=ipvs/);
  });

  it('cannot run with a file without a mode', () => {
    expect(failure(() => load(['--config=/c'], { '/c': head })).message).toContain('mode: "iptables" is not available');
  });

  it.each([
    ['userspace', 'removed in Kubernetes 1.26'],
    ['kernelspace', 'for Windows nodes'],
    ['IPVS', 'must be iptables, ipvs, nftables or blank'],
  ])('refuses mode %s by name', (mode, why) => {
    const { message } = failure(() => load([`--proxy-mode=${mode}`]));
    expect(message).toContain(`KubeProxyConfiguration.Mode.ProxyMode: Invalid value: "${mode}": `);
    expect(message).toContain(why);
  });

  it('cleans up and writes configurations whatever the mode', () => {
    expect(load(['--cleanup', '--proxy-mode=nftables']).kind).toBe('cleanup');
    expect(load(['--write-config-to=/x']).kind).toBe('writeConfiguration');
  });
});

describe('a file and flags together', () => {
  it('ignores the flags that the file replaces', () => {
    const flags = [
      '--kubeconfig=/k',
      '--ipvs-scheduler=lc',
      '--proxy-mode=iptables',
      '--healthz-port=0',
      '--cluster-cidr=',
    ];
    expect(fromFile('', ...flags).config).toEqual(fromFile('').config);
  });

  it('lets --hostname-override and --master win', () => {
    const { config } = fromFile('hostnameOverride: file', '--hostname-override=  Flag ', '--master=https://m');
    expect([config.hostnameOverride, config.clientConnection.master]).toEqual(['flag', 'https://m']);
    expect(fromFile('hostnameOverride: " File "').config.hostnameOverride).toBe('file');
  });

  it('overrides the logging fields that were given, and only those', () => {
    const body = 'logging: {verbosity: 2, format: json, flushFrequency: 1s}';
    const { logging } = fromFile(body, '-v=4').config;
    expect(logging).toMatchObject({ verbosity: 4, format: 'json', flushFrequencyMs: 1000 });
    expect(fromFile(body, '--log-flush-frequency=2s').config.logging.flushFrequencyMs).toBe(2000);
    expect(fromFile(body, '--v=0').config.logging.verbosity).toBe(0);
  });

  it('puts --vmodule before the entries of the file', () => {
    const body = 'logging: {vmodule: [{filePattern: file, verbosity: 1}]}';
    expect(fromFile(body, '--vmodule=flag=2').config.logging.vmodule).toEqual([
      { filePattern: 'flag', verbosity: 2 },
      { filePattern: 'file', verbosity: 1 },
    ]);
  });

  it('keeps the flags that steer the run', () => {
    const loaded = fromFile('', '--manifests=/a', '--manifests=/b');
    expect([loaded.manifests, loaded.configFile]).toEqual([['/a', '/b'], '/c']);
  });
});

describe('flags alone', () => {
  it('differ from a file in the shortest time between rounds', () => {
    expect([fromFlags().config.minSyncPeriodMs, fromFile('').config.minSyncPeriodMs]).toEqual([1000, 0]);
  });

  it('are otherwise the same as an empty file', () => {
    expect({ ...fromFlags().config, minSyncPeriodMs: 0 }).toEqual(fromFile('').config);
  });

  it('take the periods of the active mode', () => {
    const argv = ['--ipvs-sync-period=5s', '--ipvs-min-sync-period=2s', '--iptables-sync-period=7s'];
    expect(fromFlags(...argv).config).toMatchObject({ syncPeriodMs: 5000, minSyncPeriodMs: 2000 });
    const other = load(['--cleanup', '--proxy-mode=nftables', ...argv]);
    expect(other.kind === 'cleanup' && other.settings.config.syncPeriodMs).toBe(7000);
  });

  it('keep IPv4 listeners whatever the bind address', () => {
    const { config } = fromFlags('--bind-address=fd00::1');
    expect(config).toMatchObject({ bindAddress: 'fd00::1', healthzBindAddress: { host: '0.0.0.0', port: 10256 } });
  });

  it.each([
    ['the default', [], '0.0.0.0:10256'],
    ['a bare address', ['--healthz-bind-address=10.0.0.1'], '10.0.0.1:10256'],
    ['a bare address and a port', ['--healthz-bind-address=10.0.0.1', '--healthz-port=9'], '10.0.0.1:9'],
    ['a port beside an address that has one', ['--healthz-port=9'], '0.0.0.0:10256'],
    ['an IPv6 address', ['--healthz-bind-address=fd00::1', '--healthz-port=9'], 'fd00::1:9'],
    ['port 0', ['--healthz-port=0'], undefined],
    ['a blank address', ['--healthz-bind-address='], undefined],
  ])('settle the health listener: %s', (_name, argv, expected) => {
    const listener = fromFlags(...argv).config.healthzBindAddress;
    expect(listener && `${listener.host}:${listener.port}`).toBe(expected);
  });

  it.each([[['--metrics-port=0']], [['--metrics-bind-address=']]])('disable the metrics listener with %j', (argv) => {
    expect(fromFlags(...argv).config.metricsBindAddress).toBeUndefined();
  });

  it('leave the default in place for a blank bind address', () => {
    expect(fromFlags('--bind-address=').config.bindAddress).toBe('0.0.0.0');
  });

  it('warn about the old port flags', () => {
    expect(fromFlags('--healthz-port=10256').deprecations).toEqual([
      'Flag --healthz-port has been deprecated, use --healthz-bind-address',
    ]);
    expect(fromFlags().deprecations).toEqual([]);
  });

  it('reach every setting', () => {
    const { config } = fromFlags(
      '--ipvs-scheduler=mh',
      '--ipvs-exclude-cidrs=10.1.2.3/8,fd00::/8',
      '--ipvs-strict-arp',
      '--ipvs-tcp-timeout=1500ms',
      '--masquerade-all',
      '--iptables-masquerade-bit=0',
      '--cluster-cidr=10.0.0.0/8,fd00::/8',
      '--nodeport-addresses=primary',
      '--conntrack-max-per-core=0',
      '--kube-api-qps=-1',
      '--logging-format=json',
      '--oom-score-adj=0',
    );
    expect(config).toMatchObject({
      ipvs: { scheduler: 'mh', excludeCidrs: ['10.0.0.0/8', 'fd00::/8'], strictArp: true, tcpTimeoutSeconds: 1 },
      masqueradeAll: true,
      masqueradeBit: 0,
      localDetection: { mode: 'ClusterCIDR', clusterCidrs: ['10.0.0.0/8', 'fd00::/8'] },
      nodePortAddresses: 'primary',
      conntrack: { maxPerCore: 0 },
      clientConnection: { qps: -1 },
      logging: { format: 'json' },
      oomScoreAdjustment: 0,
    });
  });
});

describe('folding by mode', () => {
  it('takes the mark and masqueradeAll of ipvs from the iptables section', () => {
    const body =
      'iptables: {masqueradeAll: true, masqueradeBit: 5}\nnftables: {masqueradeBit: 9}\nipvs: {syncPeriod: 5s}';
    expect(fromFile(body).config).toMatchObject({ masqueradeAll: true, masqueradeBit: 5, syncPeriodMs: 5000 });
  });

  it.each([
    ['BridgeInterface', 'detectLocal: {bridgeInterface: br0}', { mode: 'BridgeInterface', interfaceName: 'br0' }],
    [
      'InterfaceNamePrefix',
      'detectLocal: {interfaceNamePrefix: cali}',
      { mode: 'InterfaceNamePrefix', interfacePrefix: 'cali' },
    ],
    ['NodeCIDR', '', { mode: 'NodeCIDR' }],
    ['""', 'clusterCIDR: 10.0.0.0/8', { mode: 'ClusterCIDR', clusterCidrs: ['10.0.0.0/8'] }],
  ])('detects local traffic by %s', (mode, body, expected) => {
    expect(fromFile(`detectLocalMode: ${mode}\n${body}`).config.localDetection).toEqual(expected);
  });
});

describe('failures', () => {
  it.each([
    ['a missing file', ['--config=/none'], 'failed complete: cannot read /none: ENOENT: no such file or directory'],
    ['a blank host name', ['--hostname-override=  '], 'failed complete: empty hostname is invalid'],
    [
      'a locked gate',
      ['--feature-gates=MultiCIDRServiceAllocator=false'],
      'failed complete: cannot set feature gate MultiCIDRServiceAllocator to false, feature is locked to true',
    ],
    [
      'a logging format',
      ['--logging-format=xml'],
      'initialize logging: logging.format: Unsupported value: "xml": supported values: "json", "text"',
    ],
    [
      'a value out of bounds',
      ['--proxy-mode=ipvs', '--oom-score-adj=1001'],
      'failed validate: KubeProxyConfiguration.KubeProxyLinuxConfiguration.OOMScoreAdj: Invalid value: 1001: must be within the range [-1000, 1000]',
    ],
  ])('names %s', (_name, argv, message) => {
    expect(failure(() => load(argv)).message).toContain(message);
  });

  it('carry what is needed to log them once logging is known to be good', () => {
    const invalid = failure(() => load(['--proxy-mode=ipvs', '--oom-score-adj=1001', '-v=3']));
    expect(invalid.context?.logging.verbosity).toBe(3);
    expect(failure(() => load(['--logging-format=xml'])).context).toBeUndefined();
  });

  it('report a logging error before all others', () => {
    expect(failure(() => load(['--logging-format=xml', '--oom-score-adj=1001'])).phase).toBe('logging');
  });
});

describe('notices', () => {
  const texts = (loaded: LoadedSettings): string[] =>
    loaded.notices.filter((each) => each.verbosity === 0).map((each) => `${each.level}: ${each.message}`);

  it('say that a file was decoded leniently, with every problem', () => {
    const loaded = fromFile('metadata: {}');
    expect(texts(loaded)).toEqual(['info: Using lenient decoding as strict decoding failed']);
    expect(loaded.notices.at(-1)?.fields).toEqual({ path: '/c', problems: '/c:4:1: unknown field "metadata"' });
  });

  it('warn about gates that mean nothing here, are deprecated or general', () => {
    const gates =
      'featureGates: {NoSuchGate: true, AllowServiceExternalIPs: false, PreferSameTrafficDistribution: true}';
    expect(texts(fromFile(gates))).toEqual([
      'warning: /c:4:28: featureGates.NoSuchGate: Feature gate NoSuchGate has no meaning here and is ignored',
      'warning: /c:4:59: featureGates.AllowServiceExternalIPs: Setting deprecated feature gate AllowServiceExternalIPs',
      'warning: /c:4:97: featureGates.PreferSameTrafficDistribution: Setting GA feature gate PreferSameTrafficDistribution; it will be removed in a future release',
    ]);
  });

  it('list every flag at verbosity 1', () => {
    const flags = fromFlags().notices.filter((each) => each.verbosity === 1);
    expect(flags.map((each) => each.message)).toContain('FLAG: --proxy-mode="ipvs"');
  });
});

describe('ProxierConfiguration', () => {
  const proxier = (body: string) =>
    settings(['--proxy-mode=ipvs', '--proxier-config=/p'], { '/p': proxierHead + body }).config.proxier;

  it('has defaults that hold with and without the file', () => {
    const defaults = {
      drainDeadlineMs: 600_000,
      drainUdpGraceMs: 5000,
      externalPolicyFallback: 'cluster',
      auditPeriodMs: 10_000,
      iptablesFlavour: 'auto',
      hashSourcePort: 'byScheduler',
      knownNodes: 'own',
      answerPing: false,
      operation: { mode: 'active', otherProxy: 'refuse', waitingHealthzPort: 10_356, waitingMetricsPort: 10_349 },
      traffic: { level: 'off', maxSeries: 10_000 },
      apiServer: {
        urls: [],
        tlsServerName: '',
        discovery: true,
        cacheFile: '/var/lib/ipvs-proxier/api-servers.json',
      },
      statusSocket: '/run/ipvs-proxier/status.sock',
      keepPrivileges: false,
    };
    expect(fromFlags().config.proxier).toEqual(defaults);
    expect(proxier('')).toEqual(defaults);
    expect(proxier('drain: null\naudit: {period: null}')).toEqual(defaults);
  });

  it('keeps explicit zeros', () => {
    expect(proxier('drain: {deadline: 0s, udpGrace: 0s}\naudit: {period: 0s}')).toMatchObject({
      drainDeadlineMs: 0,
      drainUdpGraceMs: 0,
      auditPeriodMs: 0,
    });
  });

  it('knows further ways to the API server', () => {
    const text = `apiServer:
  urls: ["https://10.0.0.1:6443/", "https://[fd00::1]:6443/path"]
  tlsServerName: kubernetes
  discovery: false
  cacheFile: ""
`;
    expect(proxier(text).apiServer).toEqual({
      urls: ['https://10.0.0.1:6443', 'https://[fd00::1]:6443/path'],
      tlsServerName: 'kubernetes',
      discovery: false,
      cacheFile: '',
    });
  });

  it.each([
    [
      '{urls: [10.0.0.1]}',
      '/p:3:20: apiServer.urls[0]: string "10.0.0.1" is not possible here, allowed: https://host:port',
    ],
    [
      '{urls: ["https://a", "http://b"]}',
      '/p:3:33: apiServer.urls[1]: string "http://b" is not possible here, allowed: https://host:port',
    ],
    [
      '{urls: ["https://u:p@a"]}',
      'string "https://a" is not possible here, allowed: https://host:port/path without user, query and fragment',
    ],
    [
      '{tlsServerName: "https://a"}',
      '/p:3:28: apiServer.tlsServerName: string "https://a" is not possible here, allowed: a host name or an IP address',
    ],
    [
      '{cacheFile: servers.json}',
      '/p:3:24: apiServer.cacheFile: string "servers.json" is not possible here, allowed: an absolute path, or blank',
    ],
    ['{url: x}', 'apiServer.url'],
    ['{urls: https://a}', 'apiServer.urls'],
  ])('refuses ways to the API server like %s', (text, problem) => {
    expect(() => proxier(`apiServer: ${text}`)).toThrow(problem);
  });

  it('has a socket for tools, or none', () => {
    expect(proxier('statusSocket: /tmp/s').statusSocket).toBe('/tmp/s');
    expect(proxier('statusSocket: ""').statusSocket).toBe('');
    for (const path of ['status.sock', '/', '/tmp/', `/${'x'.repeat(107)}`, `/${'\u00e4'.repeat(54)}`]) {
      expect(() => proxier(`statusSocket: "${path}"`)).toThrow(
        'is not possible here, allowed: an absolute path of at most 107 bytes',
      );
    }
  });

  it('says what to do beside another Service proxy', () => {
    expect(proxier('operation: takeover\nwaiting: {healthzPort: 0}').operation).toEqual({
      mode: 'takeover',
      otherProxy: 'refuse',
      waitingHealthzPort: 0,
      waitingMetricsPort: 10_349,
    });
    expect(proxier('otherProxy: ignore').operation).toMatchObject({ mode: 'active', otherProxy: 'ignore' });
  });

  it('has no source ports for masquerading unless set', () => {
    expect(proxier('iptables: {masqueradePorts: ""}').masqueradePorts).toBeUndefined();
    expect(proxier('iptables: {masqueradePorts: 1024-29999}').masqueradePorts).toEqual({ first: 1024, last: 29_999 });
  });

  it('shows traffic where it is asked for', () => {
    expect(proxier('traffic: {metrics: endpoint, maxSeries: 500}').traffic).toEqual({
      level: 'endpoint',
      maxSeries: 500,
    });
  });

  it('holds beside a KubeProxyConfiguration', () => {
    const files = {
      '/c': `${head}mode: ipvs`,
      '/p': `${proxierHead}externalPolicyFallback: drop\niptables: {flavour: nft}`,
    };
    const { config } = settings(['--config=/c', '--proxier-config=/p'], files);
    expect(config.proxier).toMatchObject({ externalPolicyFallback: 'drop', iptablesFlavour: 'nft' });
  });

  it.each([
    ['an unknown key', 'drian: {}', '/p:3:1: unknown field "drian"'],
    ['a repeated key', 'drain: {}\ndrain: {}', '/p:4:1: key "drain" is written twice'],
    [
      'another word',
      'externalPolicyFallback: local',
      '/p:3:25: externalPolicyFallback: string "local" is not possible here, allowed: one of cluster, drop',
    ],
    [
      'a negative duration',
      'drain: {deadline: -1s}',
      '/p:3:19: drain.deadline: -1s is not possible here, allowed: 0s to 168h',
    ],
    [
      'another operation',
      'operation: passive',
      '/p:3:12: operation: string "passive" is not possible here, allowed: one of active, observe, takeover',
    ],
    [
      'a port that is none',
      'waiting: {metricsPort: 65536}',
      '/p:3:24: waiting.metricsPort: number 65536 is not possible here, allowed: 0 to 65535',
    ],
    ...['30000', '2000-1000', '1-65536', '30000-31022'].map((range): [string, string, string] => [
      `the ports ${range}`,
      `iptables: {masqueradePorts: "${range}"}`,
      `/p:3:29: iptables.masqueradePorts: string "${range}" is not possible here, allowed: FIRST-LAST from 1 to 65535 with at least 1024 ports, or blank`,
    ]),
    [
      'traffic that is never read',
      'traffic: {metrics: service}\naudit: {period: 0s}',
      '/p:3:20: traffic.metrics: string "service" is not possible here, allowed: off, or an audit.period other than 0',
    ],
    [
      'too few series',
      'traffic: {maxSeries: 99}',
      '/p:3:22: traffic.maxSeries: number 99 is not possible here, allowed: 100 to 50000',
    ],
    [
      'a period that is too short',
      'audit: {period: 10ms}',
      '/p:3:17: audit.period: 10ms is not possible here, allowed: 1s to 24h, or 0s for never',
    ],
    [
      'a grace that is too long',
      'drain:\n  udpGrace: 2h',
      '/p:4:13: drain.udpGrace: 2h0m0s is not possible here, allowed: 0s to 1h',
    ],
    [
      'a period that is too long',
      'audit: {period: 25h}',
      '/p:3:17: audit.period: 25h0m0s is not possible here, allowed: 1s to 24h, or 0s for never',
    ],
    [
      'another port that is none',
      'waiting: {healthzPort: -1}',
      '/p:3:24: waiting.healthzPort: number -1 is not possible here, allowed: 0 to 65535',
    ],
    [
      'a switch that is none',
      'keepPrivileges: maybe',
      '/p:3:17: keepPrivileges: string "maybe" is not possible here, allowed: true or false',
    ],
    [
      'a duration that is none',
      'drain: {deadline: soon}',
      '/p:3:19: drain.deadline: string "soon" is not possible here, allowed: a duration such as "30s" or "1h30m"',
    ],
    ['another kind', '', 'no kind "KubeProxyConfiguration" is registered'],
  ])('refuses %s', (_name, body, message) => {
    const read = () => (body === '' ? settings(['--proxier-config=/p'], { '/p': head }) : proxier(body));
    expect(failure(read).message).toContain(message);
  });

  it('is refused with all that is wrong in it', () => {
    const body = 'drain: {deadline: -1s}\ntraffic:\n  maxSeries: 1\nstatusSocket: x';
    const { message, problems, position } = failure(() => proxier(body));
    expect(problems).toHaveLength(3);
    expect(position).toEqual({ file: '/p', line: 3, column: 19 });
    for (const each of problems)
      expect(each.message).toMatch(/^\/p:\d+:\d+: [\w.]+: .* is not possible here, allowed: ./);
    expect(message).toBe(`failed validate: [${problems.map((each) => each.message).join(', ')}]`);
  });
});

it('is frozen all the way down', () => {
  const { config } = fromFlags('--vmodule=a=1');
  const isFrozen = (value: unknown): boolean =>
    typeof value !== 'object' || value === null || (Object.isFrozen(value) && Object.values(value).every(isFrozen));
  expect(isFrozen(config)).toBe(true);
});
