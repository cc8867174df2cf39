import { describe, expect, it } from '@jest/globals';
import { decodeFile } from '../../../src/config/decode-file.ts';
import { type FoldedConfiguration, foldByMode, withLinuxDefaults } from '../../../src/config/folded-configuration.ts';
import { kubeProxyApiVersion, kubeProxyKind, kubeProxySchema } from '../../../src/config/kube-proxy-configuration.ts';
import { toV1alpha1, toV1alpha1Yaml } from '../../../src/config/to-v1alpha1.ts';

const identity = { apiVersion: kubeProxyApiVersion, kind: kubeProxyKind };
const read = (text: string) => decodeFile(text, 'c', identity, kubeProxySchema);
const folded = (body: string): FoldedConfiguration =>
  withLinuxDefaults(
    foldByMode(read(`apiVersion: ${kubeProxyApiVersion}\nkind: ${kubeProxyKind}\n${body}`).configuration),
  );

describe('toV1alpha1Yaml', () => {
  it('writes the defaults with keys in alphabetical order', () => {
    expect(toV1alpha1Yaml(folded(''))).toMatchInlineSnapshot(`
"apiVersion: kubeproxy.config.k8s.io/v1alpha1
bindAddress: 0.0.0.0
bindAddressHardFail: false
clientConnection:
  acceptContentTypes: ""
  burst: 10
  contentType: application/vnd.kubernetes.protobuf
  kubeconfig: ""
  qps: 5
clusterCIDR: ""
configSyncPeriod: 15m0s
conntrack:
  maxPerCore: 32768
  min: 131072
  tcpBeLiberal: false
  tcpCloseWaitTimeout: 1h0m0s
  tcpEstablishedTimeout: 24h0m0s
  udpStreamTimeout: 0s
  udpTimeout: 0s
detectLocal:
  bridgeInterface: ""
  interfaceNamePrefix: ""
detectLocalMode: ClusterCIDR
enableProfiling: false
healthzBindAddress: 0.0.0.0:10256
hostnameOverride: ""
iptables:
  localhostNodePorts: true
  masqueradeAll: false
  masqueradeBit: 14
  minSyncPeriod: 1s
  syncPeriod: 30s
ipvs:
  excludeCIDRs: null
  minSyncPeriod: 0s
  scheduler: ""
  strictARP: false
  syncPeriod: 0s
  tcpFinTimeout: 0s
  tcpTimeout: 0s
  udpTimeout: 0s
kind: KubeProxyConfiguration
logging:
  flushFrequency: 5s
  format: text
  options:
    json:
      infoBufferSize: "0"
    text:
      infoBufferSize: "0"
  verbosity: 0
metricsBindAddress: 127.0.0.1:10249
mode: iptables
nftables:
  masqueradeAll: false
  masqueradeBit: 14
  minSyncPeriod: 0s
  syncPeriod: 0s
nodePortAddresses: null
oomScoreAdj: -999
portRange: ""
showHiddenMetricsForVersion: ""
winkernel:
  enableDSR: false
  forwardHealthCheckVip: false
  networkName: ""
  rootHnsEndpointName: ""
  sourceVip: ""
"
`);
  });

  it.each([
    ['defaults', ''],
    [
      'mode ipvs',
      'mode: ipvs\nipvs: {syncPeriod: 1m, minSyncPeriod: 2s, scheduler: lc, excludeCIDRs: [10.0.0.0/8]}\niptables: {masqueradeAll: true, masqueradeBit: 3}',
    ],
    [
      'mode nftables',
      'mode: nftables\nnftables: {syncPeriod: 1m, minSyncPeriod: 2s, masqueradeAll: true, masqueradeBit: 3}',
    ],
    [
      'IPv6 addresses',
      'mode: ipvs\nbindAddress: "::"\nclusterCIDR: "fd00::/8,10.0.0.0/8"\nnodePortAddresses: ["fd00::/8"]',
    ],
    [
      'zeros that are kept',
      'oomScoreAdj: 0\nconntrack: {maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}\niptables: {localhostNodePorts: false, masqueradeBit: 0}',
    ],
    [
      'logging',
      'logging: {verbosity: 3, flushFrequency: 2000000000, vmodule: [{filePattern: a, verbosity: 2}], options: {text: {splitStream: true, infoBufferSize: 1Ki}}}',
    ],
    ['gates and Windows', 'featureGates: {A: true}\nwindowsRunAsService: true\nwinkernel: {networkName: x}'],
    [
      'texts that YAML could take for something else',
      'hostnameOverride: "010"\nipvs: {scheduler: "on"}\nclientConnection: {kubeconfig: "1:30"}',
    ],
  ])('can be read back: %s', (_name, body) => {
    const configuration = folded(body);
    const written = read(toV1alpha1Yaml(configuration));
    expect(written.strictProblems).toEqual([]);
    expect(withLinuxDefaults(foldByMode(written.configuration))).toEqual(configuration);
  });

  it('leaves out what is empty where kube-proxy does', () => {
    expect(Object.keys(toV1alpha1(folded('')))).not.toEqual(expect.arrayContaining(['featureGates']));
    expect(toV1alpha1(folded('featureGates: {A: true}'))).toMatchObject({ featureGates: { A: true } });
  });

  it('fills the periods of the active mode only', () => {
    expect(toV1alpha1(folded('mode: ipvs'))).toMatchObject({
      ipvs: { syncPeriod: '30s', minSyncPeriod: '0s' },
      iptables: { syncPeriod: '0s', minSyncPeriod: '0s' },
      nftables: { syncPeriod: '0s', minSyncPeriod: '0s' },
    });
  });
});
