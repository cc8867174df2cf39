import { describe, expect, it, jest } from '@jest/globals';
import { template } from '../../support/charts/helm.ts';

jest.setTimeout(60_000);

const address = 'apiServer.host=10.0.0.10';

interface Refusal {
  readonly name: string;
  readonly set: readonly string[];
  readonly namespace?: string;
  readonly kubeVersion?: string;
  /** What helm has to say. */
  readonly says: readonly RegExp[];
}

const contradictions: readonly Refusal[] = [
  {
    name: 'no address of the API server',
    set: [],
    says: [/apiServer: no address of the API server/, /set apiServer\.host .* or apiServer\.urls, or .*kube-proxy/],
  },
  {
    name: 'two addresses of the API server',
    set: [address, 'apiServer.kubeProxyConfigMap.name=kube-proxy'],
    says: [/apiServer\.host and apiServer\.kubeProxyConfigMap\.name exclude each other: keep one/],
  },
  {
    name: 'URLs of API servers in another place',
    set: [address, 'proxierConfiguration.apiServer.urls={https://api:6443}'],
    says: [/proxierConfiguration\.apiServer\.urls: give them as apiServer\.urls/],
  },
  {
    name: 'the ConfigMap of kube-proxy from another namespace',
    set: ['apiServer.kubeProxyConfigMap.name=kube-proxy'],
    namespace: 'network',
    says: [/apiServer\.kubeProxyConfigMap\.name: .* install with --namespace kube-system, not network/],
  },
  {
    name: 'another mode of kube-proxy',
    set: [address, 'kubeProxyConfiguration.mode=iptables'],
    says: [/kubeProxyConfiguration\.mode: is iptables; .* set kubeProxyConfiguration\.mode to ipvs/],
  },
  {
    name: 'text that is no YAML',
    set: [address, 'kubeProxyConfiguration=mode: {'],
    says: [/kubeProxyConfiguration: is no YAML mapping: /],
  },
  {
    name: 'the ConfigMap of kube-proxy instead of what is in it',
    set: [address, 'kubeProxyConfiguration.data.mode=ipvs'],
    says: [/kubeProxyConfiguration: this is a ConfigMap; give what stands under its key config\.conf/],
  },
  {
    name: 'another kind of configuration',
    set: [address, 'kubeProxyConfiguration.kind=KubeletConfiguration'],
    says: [/kubeProxyConfiguration\.kind: is KubeletConfiguration; give a KubeProxyConfiguration/],
  },
  {
    name: 'another version of the configuration',
    set: [address, 'kubeProxyConfiguration.apiVersion=kubeproxy.config.k8s.io/v1'],
    says: [
      /kubeProxyConfiguration\.apiVersion: is kubeproxy\.config\.k8s\.io\/v1; give kubeproxy\.config\.k8s\.io\/v1alpha1/,
    ],
  },
  {
    name: 'settings that kube-proxy does not have',
    set: [
      address,
      'kubeProxyConfiguration.clusterCIRD=10.244.0.0/16',
      'kubeProxyConfiguration.ipvs.strictARP=true',
      'kubeProxyConfiguration.ipvs.strictArp=true',
    ],
    says: [/kubeProxyConfiguration: there are no such settings: clusterCIRD, ipvs\.strictArp: correct their spelling/],
  },
  {
    name: 'an address of the API server with a port in it',
    set: ['apiServer.host=10.0.0.10:6443'],
    says: [/apiServer\.host: Does not match pattern/],
  },
  {
    name: 'a monitor of metrics that are served on loopback',
    set: [address, 'monitoring.podMonitor.enabled=true'],
    says: [
      /monitoring\.podMonitor\.enabled: metrics are served on 127\.0\.0\.1/,
      /metricsBindAddress to 0\.0\.0\.0:10249/,
    ],
  },
  {
    name: 'a monitor of metrics that are not served',
    set: [
      address,
      'mode=observe',
      'kubeProxyConfiguration.metricsBindAddress=0.0.0.0',
      'proxierConfiguration.waiting.metricsPort=0',
      'monitoring.serviceMonitor.enabled=true',
    ],
    says: [/monitoring\.serviceMonitor\.enabled: proxierConfiguration\.waiting\.metricsPort is 0/],
  },
  {
    name: 'two monitors',
    set: [address, 'monitoring.podMonitor.enabled=true', 'monitoring.serviceMonitor.enabled=true'],
    says: [/monitoring\.podMonitor\.enabled and monitoring\.serviceMonitor\.enabled: .* enable one/],
  },
  {
    name: 'no ServiceAccount at all',
    set: [address, 'serviceAccount.create=false'],
    says: [/serviceAccount\.name: is needed with serviceAccount\.create=false/],
  },
  {
    name: 'a Kubernetes that is too old',
    set: [address],
    kubeVersion: '1.27.16',
    says: [/chart requires kubeVersion: >=1\.28\.0-0 which is incompatible with Kubernetes v1\.27\.16/],
  },
];

const badValues: readonly Refusal[] = [
  { name: 'an unknown value', set: ['apiServer.hots=a'], says: [/apiServer: Additional property hots is not allowed/] },
  { name: 'an unknown value at the top', set: ['replicas=2'], says: [/Additional property replicas is not allowed/] },
  {
    name: 'an unknown setting of ours',
    set: ['proxierConfiguration.drain.dedline=5m'],
    says: [/proxierConfiguration\.drain: Additional property dedline is not allowed/],
  },
  {
    name: 'the mode given as a setting',
    set: ['proxierConfiguration.operation=observe'],
    says: [/proxierConfiguration: Additional property operation is not allowed/],
  },
  {
    name: 'an unknown mode',
    set: ['mode=passive'],
    says: [/mode: mode must be one of .*"active", "observe", "takeover"/],
  },
  {
    name: 'a duration that is none',
    set: ['proxierConfiguration.drain.deadline=ten'],
    says: [/proxierConfiguration\.drain\.deadline: Does not match pattern/],
  },
  {
    name: 'a port that is none',
    set: ['apiServer.port=70000'],
    says: [/apiServer\.port: Must be less than or equal to 65535/],
  },
  { name: 'a URL as host', set: ['apiServer.host=https://api'], says: [/apiServer\.host: Does not match pattern/] },
  {
    name: 'a URL without TLS',
    set: ['apiServer.urls={http://api}'],
    says: [/apiServer\.urls\.0: Does not match pattern/],
  },
  { name: 'a digest that is none', set: ['image.digest=latest'], says: [/image\.digest: Does not match pattern/] },
  { name: 'a port as text', set: ['apiServer.port=https'], says: [/apiServer\.port: Invalid type. Expected: integer/] },
  {
    name: 'no node at once',
    set: ['updateStrategy.maxUnavailable=0'],
    says: [/updateStrategy\.maxUnavailable: Must be greater than or equal to 1/],
  },
  {
    name: 'too little time to end',
    set: ['terminationGracePeriodSeconds=2'],
    says: [/terminationGracePeriodSeconds: Must be greater than or equal to 6/],
  },
];

describe('the chart refuses', () => {
  const all = [...contradictions, ...badValues.map((bad) => ({ ...bad, set: [address, ...bad.set] }))];
  const runs = all.map((refusal) => [refusal.name, refusal.says, template(refusal)] as const);

  it.each(runs)('%s', async (_, says, run) => {
    const { exitCode, stderr } = await run;
    expect(exitCode).toBe(1);
    for (const words of says) expect(stderr.replaceAll('\n', ' ')).toMatch(words);
  });
});
