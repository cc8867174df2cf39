import { beforeEach, describe, expect, it } from '@jest/globals';
import { runPlan } from '../../../../src/app/plan/run-plan.ts';
import { planSyntax } from '../../../../src/cli/plan/plan-syntax.ts';
import { ip } from '../../../support/builders.ts';
import { FakeKernel } from '../../../support/fake-kernel.ts';
import { objectsYaml, programNode } from '../../../support/program-node.ts';
import { runWith, viewOf, withoutConntrack } from '../../../support/tool-world.ts';

const flags = `--hostname-override=node-1 --cluster-cidr=10.244.0.0/16 ${withoutConntrack}`;
let kernel: FakeKernel;

beforeEach(() => {
  kernel = new FakeKernel();
  kernel.nodeAddresses = [ip('192.168.7.1')];
});

const plan = (line: string, files: Record<string, string> = { 'a.yaml': objectsYaml }) =>
  runWith(runPlan, planSyntax, `${flags} ${line}`, { files, view: viewOf(kernel) });

describe('the plan of an empty node', () => {
  it('shows what each Service wants', async () => {
    const { output, exitCode } = await plan('-f a.yaml --offline');
    expect(exitCode).toBe(0);
    expect(output).toMatch(/^Node node-1: 2 Services of a\.yaml, compared with an empty node\.\n/);
    expect(output).toContain(`
default/empty  ClusterIP
  TCP/10.96.0.81:80 rr
    no endpoint: refused
  addresses 10.96.0.81
  entries   KUBE-IPVS-IPS:10.96.0.81 KUBE-CLUSTER-IP:10.96.0.81,tcp:80
`);
    expect(output).toContain(`
  TCP/192.168.7.1:30080 rr
    10.244.2.6:8080 weight 1
    10.244.1.5:8080 weight 1
`);
  });

  it('lists the operations in the order of the kernel', async () => {
    const lines = (await plan('-f a.yaml --offline --operations')).output.split('\n');
    const place = (text: string) => lines.findIndex((line) => line.includes(text));
    const order = [
      '+ interface kube-ipvs0',
      '+ set KUBE-CLUSTER-IP',
      '+ entry 10.96.0.80,tcp:80 in KUBE-CLUSTER-IP',
      'rules of IPv4',
      '+ address 10.96.0.80',
      '+ virtual server TCP/10.96.0.80:80 rr',
      '+ real server 10.244.1.5:8080 weight 1 of TCP/10.96.0.80:80',
    ].map(place);
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(Math.min(...order)).toBe(0);
  });

  it('can be of another node, and says that this machine is not that node', async () => {
    const { output } = await plan('-f a.yaml --node node-2 -s default/web');
    expect(output).toContain('compared with an empty node, for this machine is not node-2.');
    expect(output).toContain('KUBE-LOOP-BACK:10.244.2.6,tcp:8080,10.244.2.6');
    expect(output).not.toContain('default/empty');
  });

  it('is for programs with -o json', async () => {
    const report = JSON.parse((await plan('-f a.yaml --offline -o json')).output);
    expect(report.services.map(({ key }: { key: string }) => key)).toEqual(['default/empty', 'default/web']);
    expect(report.services[1].virtualServers[0]).toEqual({
      key: 'TCP/10.96.0.80:80',
      scheduler: 'rr',
      flags: 0,
      persistenceTimeoutSeconds: 0,
      realServers: [
        { key: '10.244.2.6:8080', weight: 1 },
        { key: '10.244.1.5:8080', weight: 1 },
      ],
    });
    expect(report.operations[0]).toEqual({ kind: 'makeInterface', sign: '+', text: 'interface kube-ipvs0' });
  });
});

describe('the plan against a kernel', () => {
  it('is empty where the daemon has been, and writes nothing', async () => {
    await programNode(kernel, objectsYaml, flags.split(' '));
    const { writes } = kernel;
    const before = [...writes];
    const { output } = await plan('-f a.yaml');
    expect(output).toContain('compared with the kernel of this node.');
    expect(output).toMatch(/\nNothing would be written\.\n$/);
    expect(kernel.writes).toEqual(before);
  });

  it('previews another configuration', async () => {
    await programNode(kernel, objectsYaml, flags.split(' '));
    const config = `
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: ipvs
clusterCIDR: 10.244.0.0/16
ipvs: {scheduler: sh}
conntrack: {maxPerCore: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}
`;
    const files = { 'a.yaml': objectsYaml, 'new.yaml': config };
    const { output } = await plan('-f a.yaml --config new.yaml --operations', files);
    expect(output.trimEnd().split('\n').sort()).toEqual([
      '~ virtual server to TCP/10.96.0.80:80 sh sh-fallback',
      '~ virtual server to TCP/10.96.0.81:80 sh sh-fallback',
      '~ virtual server to TCP/192.168.7.1:30080 sh sh-fallback',
    ]);
  });

  it('lets an endpoint drain that is gone', async () => {
    await programNode(kernel, objectsYaml, flags.split(' '));
    const files = { 'a.yaml': objectsYaml.replace('  - {addresses: [10.244.2.6], nodeName: node-2}\n', '') };
    const { output } = await plan('-f a.yaml -s default/web --operations', files);
    expect(output).toContain(
      '~ real server 10.244.2.6:8080 to weight 0, to go when its connections have ended, of TCP/10.96.0.80:80\n',
    );
    expect(kernel.describe()).toContain('real TCP/10.96.0.80:80 -> 10.244.2.6:8080 weight=1');
  });

  it('tells what it could not read', async () => {
    const view = viewOf(kernel, { absent: ['IPVS: the module ip_vs is not loaded'] });
    const { output } = await runWith(runPlan, planSyntax, `${flags} -f a.yaml`, {
      files: { 'a.yaml': objectsYaml },
      view,
    });
    expect(output).toContain('\nnot read:  IPVS: the module ip_vs is not loaded\n');
  });
});

describe('objects that cannot be used', () => {
  it('are told of, and the others are planned', async () => {
    const files = { 'a.yaml': objectsYaml.replace('clusterIP: 10.96.0.81', 'clusterIP: nonsense') };
    const { output } = await plan('-f a.yaml --offline', files);
    expect(output).toMatch(/\nobject: .*clusterIP/);
    expect(output).toContain('default/web');
    expect(output).not.toContain('default/empty  ');
  });

  it.each([
    ['-f nowhere.yaml', 'no such file: nowhere.yaml'],
    ['-f a.yaml -s default/nothing', 'there is no Service default/nothing in a.yaml'],
  ])('%s is refused: %s', async (line, message) => {
    await expect(plan(line)).rejects.toThrow(message);
  });

  it('a Service has to be named as there are Services', async () => {
    await expect(plan('-f a.yaml -s web')).rejects.toThrow('--service takes NAMESPACE/NAME, not "web"');
    await expect(plan('-f a.yaml -s default/none')).rejects.toThrow('there is no Service default/none in a.yaml');
  });

  it('a file that is no YAML is refused with its place', async () => {
    await expect(plan('-f a.yaml', { 'a.yaml': 'kind: [' })).rejects.toThrow(/^a\.yaml:1:/);
  });
});
