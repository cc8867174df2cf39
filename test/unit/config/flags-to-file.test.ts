import { describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../../src/config/effective-config.ts';
import { flagTable } from '../../../src/config/flag-table.ts';
import { version } from '../../../src/app/version.ts';

const file = 'apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nmode: ipvs\n';

/** Every flag that stands for a field of the file: how it is given, where it shows in the file, and as what. */
const table: readonly (readonly [flag: string, path: string, shown: unknown])[] = [
  ['--kubeconfig=/k', 'clientConnection.kubeconfig', '/k'],
  ['--kube-api-content-type=application/json', 'clientConnection.contentType', 'application/json'],
  ['--kube-api-qps=7.5', 'clientConnection.qps', 7.5],
  ['--kube-api-burst=77', 'clientConnection.burst', 77],
  ['--feature-gates=AllowServiceExternalIPs=false', 'featureGates', { AllowServiceExternalIPs: false }],
  ['--hostname-override=Node-1', 'hostnameOverride', 'node-1'],
  ['--bind-address=192.0.2.1', 'bindAddress', '192.0.2.1'],
  ['--healthz-bind-address=192.0.2.2', 'healthzBindAddress', '192.0.2.2:10256'],
  ['--metrics-bind-address=[fd00::1]:1', 'metricsBindAddress', '[fd00::1]:1'],
  ['--bind-address-hard-fail', 'bindAddressHardFail', true],
  ['--profiling', 'enableProfiling', true],
  ['--show-hidden-metrics-for-version=1.35', 'showHiddenMetricsForVersion', '1.35'],
  ['--iptables-masquerade-bit=3', 'iptables.masqueradeBit', 3],
  ['--iptables-localhost-nodeports=false', 'iptables.localhostNodePorts', false],
  ['--masquerade-all', 'iptables.masqueradeAll', true],
  ['--ipvs-sync-period=11s', 'ipvs.syncPeriod', '11s'],
  ['--ipvs-min-sync-period=2s', 'ipvs.minSyncPeriod', '2s'],
  ['--ipvs-scheduler=lc', 'ipvs.scheduler', 'lc'],
  ['--ipvs-exclude-cidrs=192.0.2.0/24', 'ipvs.excludeCIDRs', ['192.0.2.0/24']],
  ['--ipvs-strict-arp', 'ipvs.strictARP', true],
  ['--ipvs-tcp-timeout=12s', 'ipvs.tcpTimeout', '12s'],
  ['--ipvs-tcpfin-timeout=13s', 'ipvs.tcpFinTimeout', '13s'],
  ['--ipvs-udp-timeout=14s', 'ipvs.udpTimeout', '14s'],
  ['--detect-local-mode=NodeCIDR', 'detectLocalMode', 'NodeCIDR'],
  ['--pod-bridge-interface=br0', 'detectLocal.bridgeInterface', 'br0'],
  ['--pod-interface-name-prefix=veth', 'detectLocal.interfaceNamePrefix', 'veth'],
  ['--cluster-cidr=10.0.0.0/8,fd00::/8', 'clusterCIDR', '10.0.0.0/8,fd00::/8'],
  ['--nodeport-addresses=192.0.2.0/24', 'nodePortAddresses', ['192.0.2.0/24']],
  ['--oom-score-adj=15', 'oomScoreAdj', 15],
  ['--conntrack-max-per-core=16', 'conntrack.maxPerCore', 16],
  ['--conntrack-min=17', 'conntrack.min', 17],
  ['--conntrack-tcp-timeout-established=18s', 'conntrack.tcpEstablishedTimeout', '18s'],
  ['--conntrack-tcp-timeout-close-wait=19s', 'conntrack.tcpCloseWaitTimeout', '19s'],
  ['--conntrack-tcp-be-liberal', 'conntrack.tcpBeLiberal', true],
  ['--conntrack-udp-timeout=20s', 'conntrack.udpTimeout', '20s'],
  ['--conntrack-udp-timeout-stream=21s', 'conntrack.udpStreamTimeout', '21s'],
  ['--config-sync-period=22s', 'configSyncPeriod', '22s'],
];

/** The same for the flags that go over the one field of the file that they stand for. */
const loggingTable: typeof table = [
  ['-v=5', 'logging.verbosity', 5],
  ['--vmodule=a=2', 'logging.vmodule', [{ filePattern: 'a', verbosity: 2 }]],
  ['--logging-format=json', 'logging.format', 'json'],
  ['--log-flush-frequency=23s', 'logging.flushFrequency', '23s'],
];

/** As above; the gate LoggingAlphaOptions has to be on. */
const alphaTable: typeof table = [
  ['--log-text-split-stream', 'logging.options.text.splitStream', true],
  ['--log-json-split-stream', 'logging.options.json.splitStream', true],
  ['--log-text-info-buffer-size=1Ki', 'logging.options.text.infoBufferSize', '1Ki'],
  ['--log-json-info-buffer-size=2Ki', 'logging.options.json.infoBufferSize', '2Ki'],
];

/** Flags that say what to do, or that other tests look at. */
const steering =
  'boot-id-file cleanup config dry-run init-only machine-id-file manifests master proxier-config version';
const elsewhere = 'write-config-to proxy-mode iptables-sync-period iptables-min-sync-period healthz-port metrics-port';
const others = `${steering} ${elsewhere}`.split(' ');

function leaves(value: unknown, path = ''): readonly (readonly [string, unknown])[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || path === 'featureGates')
    return [[path, value]];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, path === '' ? key : `${path}.${key}`));
}

/** What the file form of the configuration has otherwise with these flags. */
function changed(argv: readonly string[], base: readonly string[], content = file): Readonly<Record<string, unknown>> {
  const load = (flags: readonly string[]) => {
    const invocation = loadConfig({ argv: flags, readFile: () => content, version });
    if (invocation.kind !== 'run') throw new Error(invocation.kind);
    return new Map(leaves(invocation.settings.v1alpha1));
  };
  const before = load(base);
  const after = [...load([...base, ...argv])];
  return Object.fromEntries(
    after.filter(([path, value]) => JSON.stringify(before.get(path)) !== JSON.stringify(value)),
  );
}

describe('a flag without a file', () => {
  it.each([...table, ...loggingTable])('%s sets %s, and nothing else', (flag, path, shown) => {
    expect(changed([flag], ['--proxy-mode=ipvs'])).toEqual({ [path]: shown });
  });

  it.each(alphaTable)('%s sets %s, and nothing else', (flag, path, shown) => {
    expect(changed([flag], ['--proxy-mode=ipvs', '--feature-gates=LoggingAlphaOptions=true'])).toEqual({
      [path]: shown,
    });
  });
});

describe('a flag beside a file', () => {
  const ignored = table.filter(([flag]) => !flag.startsWith('--hostname-override'));

  it.each(ignored.map(([flag]) => flag))('%s is ignored', (flag) => {
    expect(changed([flag], ['--config=/c'])).toEqual({});
  });

  it.each(loggingTable)('%s goes over %s', (flag, path, shown) => {
    expect(changed([flag], ['--config=/c'])).toEqual({ [path]: shown });
  });

  it.each(alphaTable)('%s goes over %s', (flag, path, shown) => {
    const content = `${file}featureGates: {LoggingAlphaOptions: true}\n`;
    expect(changed([flag], ['--config=/c'], content)).toEqual({ [path]: shown });
  });

  it('may name the Node', () => {
    expect(changed(['--hostname-override=a'], ['--config=/c'])).toEqual({ hostnameOverride: 'a' });
  });
});

it('no flag is left out here', () => {
  const given = [...table, ...loggingTable, ...alphaTable].map(([flag]) => flag.replace(/^-+|=.*$/g, ''));
  expect([...given, ...others].toSorted()).toEqual(flagTable.map(({ name }) => name).toSorted());
});
