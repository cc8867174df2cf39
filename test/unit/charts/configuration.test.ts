import { describe, expect, it, jest } from '@jest/globals';
import { fieldsForRestart } from '../../../src/app/configuration/configuration-changes.ts';
import { loadConfig } from '../../../src/config/effective-config.ts';
import { version } from '../../../src/app/version.ts';
import { readChart } from '../../support/charts/chart-reference.ts';
import { type Manifest, render } from '../../support/charts/helm.ts';

jest.setTimeout(60_000);

const address = 'apiServer.host=10.0.0.10';

interface Container {
  readonly name: string;
  readonly args: readonly string[];
}

/** As far as these tests look at a DaemonSet. */
interface DaemonSet {
  readonly spec: {
    readonly template: {
      readonly metadata: { readonly annotations: Readonly<Record<string, string>> };
      readonly spec: { readonly containers: readonly Container[]; readonly initContainers?: readonly Container[] };
    };
  };
}

function find(manifests: readonly Manifest[], kind: string): Manifest {
  const found = manifests.find((manifest) => manifest.kind === kind);
  if (found === undefined) throw new Error(`no ${kind} was rendered`);
  return found;
}

/** What the daemon makes of its flags and files, as the chart gives them. */
function load(manifests: readonly Manifest[], containers: 'containers' | 'initContainers' = 'containers') {
  const files = (find(manifests, 'ConfigMap') as unknown as { data: Record<string, string> }).data;
  const daemonSet = find(manifests, 'DaemonSet') as unknown as DaemonSet;
  const [container] = daemonSet.spec.template.spec[containers] ?? [];
  const argv = (container?.args ?? []).map((each) => each.replace('$(NODE_NAME)', 'Worker-1'));
  const readFile = (path: string) => {
    const text = files[path.replace('/etc/ipvs-proxier/', '')];
    if (text === undefined) throw new Error(`${path} is not mounted`);
    return text;
  };
  const invocation = loadConfig({ argv, readFile, version });
  if (!('settings' in invocation)) throw new Error(`the arguments mean ${invocation.kind}`);
  return { kind: invocation.kind, settings: invocation.settings };
}

function checksum(manifests: readonly Manifest[]): string | undefined {
  const { template } = (find(manifests, 'DaemonSet') as unknown as DaemonSet).spec;
  return template.metadata.annotations['checksum/configuration'];
}

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
}

/** Paths of the fields in a schema that have no fields of their own. */
function leavesOf({ properties }: Schema, path: string): readonly string[] {
  if (properties === undefined) return [path];
  return Object.entries(properties).flatMap(([name, schema]) => leavesOf(schema, `${path}.${name}`));
}

describe('the daemon reads what the chart gives it', () => {
  it('a pasted configuration, without a warning', async () => {
    const manifests = await render({ values: ['test/unit/charts/values/kube-proxy-config-map.yaml'] });
    const { kind, settings } = load(manifests);
    expect(kind).toBe('run');
    expect(settings.notices.filter(({ level }) => level === 'warning')).toEqual([]);
    expect(settings.config).toMatchObject({ mode: 'ipvs', hostnameOverride: 'worker-1' });
    expect(settings.config.clientConnection.kubeconfig).toBe('/var/lib/kube-proxy/kubeconfig.conf');
    expect(settings.v1alpha1).toMatchObject({ clusterCIDR: '10.244.0.0/16' });
  });

  it('settings of both kinds, large numbers included', async () => {
    const { settings } = load(await render({ values: ['test/unit/charts/values/settings.yaml'] }));
    expect(settings.config).toMatchObject({
      conntrack: { maxPerCore: 131072, min: 4194304 },
      ipvs: { scheduler: 'lc', strictArp: true },
      proxier: { drainDeadlineMs: 3_600_000, drainUdpGraceMs: 0, externalPolicyFallback: 'drop' },
    });
    expect(settings.config.clientConnection.kubeconfig).toBe('');
  });

  it.each(['active', 'observe', 'takeover'])('mode %s', async (mode) => {
    const { settings } = load(await render({ set: [address, `mode=${mode}`] }));
    expect(settings.config.proxier.operation.mode).toBe(mode);
  });

  it('the init container prepares the node with the same configuration', async () => {
    const manifests = await render({ values: ['test/unit/charts/values/settings.yaml'] });
    const prepared = load(manifests, 'initContainers');
    expect(prepared.kind).toBe('initOnly');
    expect(prepared.settings.config).toEqual(load(manifests).settings.config);
  });
});

describe('pods are replaced', () => {
  const cases: readonly (readonly [assignment: string, replaced: boolean])[] = [
    ['proxierConfiguration.drain.deadline=1h', false],
    ['proxierConfiguration.drain.udpGrace=1s', false],
    ['proxierConfiguration.externalPolicyFallback=drop', false],
    ['proxierConfiguration.audit.period=1m', false],
    ['proxierConfiguration.traffic.metrics=service', false],
    ['proxierConfiguration.traffic.maxSeries=1000', false],
    ['proxierConfiguration.iptables.answerPing=true', false],
    ['proxierConfiguration.iptables.masqueradePorts=40000-60000', false],
    ['proxierConfiguration.ipvs.hashSourcePort=never', false],
    ['kubeProxyConfiguration.logging.verbosity=4', false],
    ['proxierConfiguration.iptables.flavour=nft', true],
    ['proxierConfiguration.otherProxy=ignore', true],
    ['proxierConfiguration.knownNodes=all', true],
    ['proxierConfiguration.statusSocket=/run/proxier/status.sock', true],
    ['proxierConfiguration.keepPrivileges=true', true],
    ['proxierConfiguration.apiServer.discovery=false', true],
    ['proxierConfiguration.apiServer.tlsServerName=api.example.com', true],
    ['proxierConfiguration.apiServer.cacheFile=/var/lib/proxier/api-servers.json', true],
    ['proxierConfiguration.waiting.healthzPort=20256', true],
    ['proxierConfiguration.waiting.metricsPort=20249', true],
    ['mode=takeover', true],
    ['apiServer.urls={https://10.0.0.11:6443}', true],
    ['kubeProxyConfiguration.ipvs.scheduler=lc', true],
    ['kubeProxyConfiguration.logging.format=json', true],
  ];
  const before = render({ set: [address] });

  it('by cases for every field of ProxierConfiguration', () => {
    const { proxierConfiguration } = JSON.parse(readChart('values.schema.json')).properties;
    const tried = cases.map(([assignment]) => assignment.replace(/=.*/, ''));
    const fields = leavesOf(proxierConfiguration, 'proxierConfiguration');
    expect(fields).toContain('proxierConfiguration.drain.deadline');
    expect(fields.filter((field) => !tried.includes(field))).toEqual(['proxierConfiguration.apiServer.urls']);
  });

  it.each(cases)('after %s: %s', async (assignment, replaced) => {
    const next = await render({ set: [address, assignment] });
    expect(checksum(next) !== checksum(await before)).toBe(replaced);
    // and so it should be: this is what the running process says of the change
    const fields = fieldsForRestart(load(await before).settings, load(next).settings);
    expect(fields.length > 0).toBe(replaced);
  });

  it('after no change of the configuration with restartOnConfigurationChange=false', async () => {
    expect(checksum(await render({ set: [address, 'restartOnConfigurationChange=false'] }))).toBeUndefined();
  });
});
