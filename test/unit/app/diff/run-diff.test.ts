import { beforeEach, describe, expect, it } from '@jest/globals';
import { runDiff } from '../../../../src/app/diff/run-diff.ts';
import type { Difference } from '../../../../src/cli/diff/diff-report.ts';
import { diffSyntax } from '../../../../src/cli/diff/diff-syntax.ts';
import { ip } from '../../../support/builders.ts';
import { FakeKernel } from '../../../support/fake-kernel.ts';
import { virtualServer } from '../../../support/ipvs-builders.ts';
import { objectsYaml, programNode } from '../../../support/program-node.ts';
import { runWith, viewOf, withoutConntrack } from '../../../support/tool-world.ts';

const flags = `--hostname-override=node-1 --cluster-cidr=10.244.0.0/16 ${withoutConntrack}`;
let kernel: FakeKernel;

beforeEach(async () => {
  kernel = new FakeKernel();
  kernel.nodeAddresses = [ip('192.168.7.1')];
  await programNode(kernel, objectsYaml, flags.split(' '));
});

const diff = (line = '', changes: Parameters<typeof viewOf>[1] = {}, yaml = objectsYaml) =>
  runWith(runDiff, diffSyntax, `${flags} -f a.yaml ${line}`, {
    files: { 'a.yaml': yaml },
    view: viewOf(kernel, changes),
  });

async function differences(changes: Parameters<typeof viewOf>[1] = {}, yaml = objectsYaml): Promise<readonly string[]> {
  const { output, exitCode } = await diff('-o json', changes, yaml);
  const report = JSON.parse(output);
  expect([report.same, exitCode]).toEqual(report.differences.length === 0 ? [true, 0] : [false, 1]);
  return report.differences.map(({ kind, how, object }: Difference) => `${how} ${kind} ${object}`);
}

describe('a kernel as wanted', () => {
  it('has no difference', async () => {
    const { output, exitCode } = await diff();
    expect(exitCode).toBe(0);
    expect(output).toMatch(/^Node node-1: 15 things wanted .*\n\nThe kernel is as wanted\.\n$/s);
  });
});

describe('what somebody changed', () => {
  it.each<[string, () => void, readonly string[]]>([
    ['an address', () => kernel.addresses.delete(ip('10.96.0.80')), ['missing address 10.96.0.80']],
    ['an address too many', () => kernel.addresses.add(ip('10.96.0.99')), ['unwanted address 10.96.0.99']],
    [
      'a virtual server',
      () => kernel.servers.delete('TCP/10.96.0.80:80'),
      ['missing virtual server TCP/10.96.0.80:80'],
    ],
    [
      'a real server',
      () => kernel.servers.get('TCP/10.96.0.80:80')?.realServers.delete('10.244.1.5:8080'),
      ['missing real server TCP/10.96.0.80:80 10.244.1.5:8080'],
    ],
    [
      'a weight',
      () => kernel.changeRealServer('TCP/10.96.0.80:80', '10.244.1.5:8080', { weight: 0 }),
      ['different real server TCP/10.96.0.80:80 10.244.1.5:8080'],
    ],
    [
      'a scheduler',
      () => kernel.changeVirtualServer('TCP/10.96.0.80:80', { scheduler: 'lc' }),
      ['different virtual server TCP/10.96.0.80:80'],
    ],
    [
      'an entry',
      () => kernel.sets.get('KUBE-CLUSTER-IP')?.entries.delete('10.96.0.80,tcp:80'),
      ['missing set entry KUBE-CLUSTER-IP 10.96.0.80,tcp:80'],
    ],
    ['the rules', () => kernel.rules.delete('IPv6'), ['different rules IPv6']],
    ['the interface', () => (kernel.hasInterface = false), ['missing interface kube-ipvs0']],
  ])('%s is found', async (_what, change, expected) => {
    change();
    expect(await differences()).toEqual(expected);
  });

  it('a setting is found', async () => {
    const sysctl = { read: (name: string) => (name === 'net/ipv4/ip_forward' ? '0' : '1') };
    const found = await differences({ sysctl });
    expect(found).toContain('different setting net/ipv4/ip_forward');
  });

  it('is shown kind by kind', async () => {
    kernel.changeVirtualServer('TCP/10.96.0.80:80', { scheduler: 'lc' });
    kernel.addresses.delete(ip('10.96.0.81'));
    const { output, exitCode } = await diff();
    expect(exitCode).toBe(1);
    expect(output).toContain(`
address (1)
  - 10.96.0.81

virtual server (1)
  ~ TCP/10.96.0.80:80  of default/web
      TCP/10.96.0.80:80 lc in the kernel
      TCP/10.96.0.80:80 rr wanted

2 differences: 1 missing (- wanted, and not in the kernel), 1 different (~ in the kernel, and not as
wanted).
`);
  });
});

describe('whose it is', () => {
  it('tells what drains from what is unwanted', async () => {
    const key = 'TCP/10.96.0.80:80';
    const without = objectsYaml.replace('  - {addresses: [10.244.2.6], nodeName: node-2}\n', '');
    const unwanted = ['TCP/10.96.0.80:80', 'TCP/192.168.7.1:30080'].map(
      (each) => `unwanted real server ${each} 10.244.2.6:8080`,
    );
    expect(await differences({}, without)).toEqual(unwanted);
    for (const each of [key, 'TCP/192.168.7.1:30080']) {
      kernel.changeRealServer(each, '10.244.2.6:8080', { weight: 0, activeConnections: 2 });
    }
    const { output, exitCode } = await diff('', {}, without);
    expect(exitCode).toBe(0);
    expect(output).toContain('real server TCP/10.96.0.80:80 10.244.2.6:8080: 2 active, 0 inactive connections\n');
  });

  it('lists what belongs to others, which is no difference', async () => {
    const foreign = virtualServer('TCP', '203.0.113.5:443');
    kernel.servers.set(foreign.key, { virtualServer: foreign, realServers: new Map() });
    const { output, exitCode } = await diff();
    expect(exitCode).toBe(0);
    expect(output).toContain('Of others: left alone (1)\n  1 of kind virtual server; --all lists them\n');
    expect((await diff('--all')).output).toContain('virtual server TCP/203.0.113.5:443\n');
  });

  it("lists kube-proxy's leftovers", async () => {
    const view = viewOf(kernel);
    const saved: typeof view.rules.saved = async (family) => {
      const rules = await view.rules.saved(family);
      const nat = new Map(rules?.tables.get('nat')).set('KUBE-SVC-ABC', { builtIn: false, rules: [] });
      return rules && { ...rules, tables: new Map(rules.tables).set('nat', nat) };
    };
    const { output, exitCode } = await diff('', { rules: { families: async () => ['IPv4'], saved } });
    expect(exitCode).toBe(0);
    expect(output).toContain('chain IPv4 nat KUBE-SVC-ABC\n');
  });
});

describe('what cannot be found out', () => {
  it('is an error, not a difference', async () => {
    await expect(diff('', { unread: ['IPVS: EPERM'] })).rejects.toThrow('cannot read the kernel: IPVS: EPERM');
    await expect(diff('--node node-2')).rejects.toThrow('nothing to compare with but an empty node');
  });
});
