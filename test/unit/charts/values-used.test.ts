import { expect, it, jest } from '@jest/globals';
import { parse } from 'yaml';
import { readChart } from '../../support/charts/chart-reference.ts';
import { template } from '../../support/charts/helm.ts';

jest.setTimeout(120_000);

/** What makes everything that can be made. */
const everything = [
  'apiServer.host=10.0.0.10',
  'kubeProxyConfiguration.metricsBindAddress=0.0.0.0',
  'monitoring.podMonitor.enabled=true',
  'monitoring.prometheusRule.enabled=true',
  'monitoring.grafanaDashboard.enabled=true',
];
const withServiceMonitor = ['monitoring.podMonitor.enabled=false', 'monitoring.serviceMonitor.enabled=true'];
const withConfigMap = ['apiServer.host=', 'apiServer.kubeProxyConfigMap.name=kube-proxy'];

/** Another value for each that has a default, with what has to be set beside it. */
const others: Readonly<Record<string, readonly string[]>> = {
  mode: ['observe'],
  'apiServer.host': ['10.0.0.11'],
  'apiServer.port': ['443'],
  'apiServer.urls': ['{https://10.0.0.12:6443}'],
  'apiServer.kubeProxyConfigMap.name': ['kube-proxy-2', ...withConfigMap],
  'apiServer.kubeProxyConfigMap.key': ['kubeconfig', ...withConfigMap],
  'kubeProxyConfiguration.clusterCIDR': ['10.0.0.0/8'],
  'proxierConfiguration.statusSocket': ['/run/other/status.sock'],
  restartOnConfigurationChange: ['false'],
  'image.repository': ['registry.example.com/other'],
  'image.tag': ['other'],
  'image.digest': [`sha256:${'0'.repeat(64)}`],
  'image.pullPolicy': ['Always'],
  'imagePullSecrets[0].name': ['other'],
  nameOverride: ['other'],
  fullnameOverride: ['other'],
  'commonLabels.other': ['other'],
  'init.enabled': ['false'],
  'init.privileged': ['false'],
  'init.resources.limits.cpu': ['1'],
  'securityContext.seccompProfile.type': ['Unconfined'],
  'securityContext.seLinuxOptions.type': ['other_t'],
  'securityContext.appArmorProfile.type': ['Unconfined'],
  'resources.requests.cpu': ['7m'],
  'resources.requests.memory': ['777Mi'],
  hostPID: ['true'],
  priorityClassName: ['other'],
  'nodeSelector.other': ['other'],
  'tolerations[0].key': ['other'],
  'affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight': ['1'],
  'podAnnotations.other': ['other'],
  'podLabels.other': ['other'],
  'extraArgs[0]': ['--v=4'],
  'updateStrategy.type': ['OnDelete'],
  'updateStrategy.maxUnavailable': ['3'],
  minReadySeconds: ['77'],
  terminationGracePeriodSeconds: ['77'],
  'probes.startup.periodSeconds': ['77'],
  'probes.startup.failureThreshold': ['77'],
  'probes.liveness.periodSeconds': ['77'],
  'probes.liveness.timeoutSeconds': ['77'],
  'probes.liveness.failureThreshold': ['77'],
  'probes.readiness.periodSeconds': ['77'],
  'probes.readiness.timeoutSeconds': ['77'],
  'probes.readiness.failureThreshold': ['77'],
  'serviceAccount.create': ['false', 'serviceAccount.name=other'],
  'serviceAccount.name': ['other'],
  'serviceAccount.annotations.other': ['other'],
  'rbac.create': ['false'],
  'monitoring.podMonitor.enabled': ['false'],
  'monitoring.podMonitor.interval': ['77s'],
  'monitoring.podMonitor.labels.other': ['other'],
  'monitoring.podMonitor.relabelings[0].action': ['drop'],
  'monitoring.podMonitor.metricRelabelings[0].action': ['drop'],
  'monitoring.serviceMonitor.enabled': ['true', 'monitoring.podMonitor.enabled=false'],
  'monitoring.serviceMonitor.interval': ['77s', ...withServiceMonitor],
  'monitoring.serviceMonitor.labels.other': ['other', ...withServiceMonitor],
  'monitoring.serviceMonitor.relabelings[0].action': ['drop', ...withServiceMonitor],
  'monitoring.serviceMonitor.metricRelabelings[0].action': ['drop', ...withServiceMonitor],
  'monitoring.prometheusRule.enabled': ['false'],
  'monitoring.prometheusRule.labels.other': ['other'],
  'monitoring.prometheusRule.severityLabel': ['level'],
  'monitoring.prometheusRule.runbookUrl': ['https://example.com/runbook'],
  'monitoring.grafanaDashboard.enabled': ['false'],
  'monitoring.grafanaDashboard.labels.grafana_dashboard': ['"2"'],
  'monitoring.grafanaDashboard.annotations.other': ['other'],
  'tests.enabled': ['false'],
  'tests.clusterDomain': ['other.example'],
  'tests.timeoutSeconds': ['77'],
  'tests.otherNode': ['true'],
};

/** Paths of the values with a default that is not a section. */
function leavesOf(values: unknown, path: string): readonly string[] {
  if (typeof values !== 'object' || values === null || Array.isArray(values)) return [path];
  const entries = Object.entries(values);
  if (entries.length === 0) return [path];
  return entries.flatMap(([key, value]) => leavesOf(value, path === '' ? key : `${path}.${key}`));
}

const rendered = async (set: readonly string[]) => (await template({ set: [...everything, ...set] })).stdout;
const baselines = new Map<string, Promise<string>>();

function baseline(set: readonly string[]): Promise<string> {
  const known = baselines.get(set.join()) ?? rendered(set);
  baselines.set(set.join(), known);
  return known;
}

it('every value of values.yaml is tried here', () => {
  const tried = Object.keys(others);
  const missing = leavesOf(parse(readChart('values.yaml')), '').filter(
    (path) => !tried.some((each) => each === path || each.startsWith(`${path}.`) || each.startsWith(`${path}[`)),
  );
  expect(missing).toEqual([]);
});

it('every value makes a difference to what is rendered', async () => {
  const unused: string[] = [];
  const waiting = Object.entries(others);
  const tryNext = async (): Promise<void> => {
    const next = waiting.pop();
    if (next === undefined) return;
    const [path, [value = '', ...beside]] = next;
    const [before, after] = [await baseline(beside), await rendered([...beside, `${path}=${value}`])];
    if (before === after || after === '') unused.push(path);
    return tryNext();
  };
  await Promise.all([tryNext(), tryNext()]);
  expect(unused).toEqual([]);
});
