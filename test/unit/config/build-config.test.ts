import { expect, it } from '@jest/globals';
import { loadConfig } from '../../../src/config/effective-config.ts';
import { version } from '../../../src/app/version.ts';

/** No two values are alike, so that none can take the place of another one. */
const file = `
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: ipvs
hostnameOverride: " Node-1 "
bindAddress: 192.0.2.1
healthzBindAddress: 192.0.2.2:3
metricsBindAddress: "[fd00::4]:5"
bindAddressHardFail: true
enableProfiling: true
configSyncPeriod: 6s
showHiddenMetricsForVersion: "1.35"
detectLocalMode: BridgeInterface
detectLocal: {bridgeInterface: br7, interfaceNamePrefix: veth8}
nodePortAddresses: [192.0.2.9/24, fd00::a/64]
oomScoreAdj: 11
iptables: {masqueradeBit: 12, masqueradeAll: true, syncPeriod: 99s}
ipvs:
  syncPeriod: 13s
  minSyncPeriod: 1400ms
  scheduler: lc
  excludeCIDRs: [198.51.100.15/24]
  strictARP: true
  tcpTimeout: 16s
  tcpFinTimeout: 17s
  udpTimeout: 1800ms
nftables: {masqueradeBit: 19}
conntrack:
  maxPerCore: 20
  min: 21
  tcpEstablishedTimeout: 22s
  tcpCloseWaitTimeout: 23s
  tcpBeLiberal: true
  udpTimeout: 24s
  udpStreamTimeout: 25s
clientConnection: {kubeconfig: /26, contentType: t/27, acceptContentTypes: t/28, qps: 2.9, burst: 30}
logging:
  verbosity: 31
  flushFrequency: 32s
  vmodule: [{filePattern: a33, verbosity: 34}]
`;

it('every field of the file is where the program looks for it', () => {
  const invocation = loadConfig({ argv: ['--config=/c', '--master=https://35'], readFile: () => file, version });
  if (invocation.kind !== 'run') throw new Error(invocation.kind);
  const { proxier: _, featureGates: _gates, ...config } = invocation.settings.config;
  expect(config).toEqual({
    mode: 'ipvs',
    hostnameOverride: 'node-1',
    bindAddress: '192.0.2.1',
    healthzBindAddress: { host: '192.0.2.2', port: 3 },
    metricsBindAddress: { host: 'fd00::4', port: 5 },
    bindAddressHardFail: true,
    enableProfiling: true,
    syncPeriodMs: 13_000,
    minSyncPeriodMs: 1_400,
    configSyncPeriodMs: 6_000,
    masqueradeAll: true,
    masqueradeBit: 12,
    localDetection: { mode: 'BridgeInterface', interfaceName: 'br7' },
    nodePortAddresses: ['192.0.2.0/24', 'fd00::/64'],
    ipvs: {
      scheduler: 'lc',
      excludeCidrs: ['198.51.100.0/24'],
      strictArp: true,
      tcpTimeoutSeconds: 16,
      tcpFinTimeoutSeconds: 17,
      udpTimeoutSeconds: 1,
    },
    conntrack: {
      maxPerCore: 20,
      min: 21,
      tcpEstablishedTimeoutSeconds: 22,
      tcpCloseWaitTimeoutSeconds: 23,
      tcpBeLiberal: true,
      udpTimeoutSeconds: 24,
      udpStreamTimeoutSeconds: 25,
    },
    oomScoreAdjustment: 11,
    clientConnection: {
      kubeconfig: '/26',
      master: 'https://35',
      contentType: 't/27',
      acceptContentTypes: 't/28',
      qps: 2.9,
      burst: 30,
    },
    logging: {
      format: 'text',
      verbosity: 31,
      flushFrequencyMs: 32_000,
      splitStream: false,
      vmodule: [{ filePattern: 'a33', verbosity: 34 }],
    },
    showHiddenMetricsForVersion: '1.35',
  });
});
