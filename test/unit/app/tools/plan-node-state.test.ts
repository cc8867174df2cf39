import { beforeEach, describe, expect, it } from '@jest/globals';
import { planNodeState } from '../../../../src/app/tools/plan-node-state.ts';
import { readObjects } from '../../../../src/app/tools/read-objects.ts';
import { noDaemon, toolSettings } from '../../../../src/app/tools/tool-settings.ts';
import type { NotedOperation } from '../../../../src/cli/noted-operation.ts';
import { ip } from '../../../support/builders.ts';
import { describeOperation } from '../../../support/describe-operation.ts';
import { FakeKernel } from '../../../support/fake-kernel.ts';
import { objectsYaml, programNode } from '../../../support/program-node.ts';
import { viewOf } from '../../../support/tool-world.ts';

const flags = ['--hostname-override=node-1', '--cluster-cidr=10.244.0.0/16'];
const withoutEndpoint = objectsYaml.replace('  - {addresses: [10.244.2.6], nodeName: node-2}\n', '');
let kernel: FakeKernel;

beforeEach(() => {
  kernel = new FakeKernel();
  kernel.nodeAddresses = [ip('192.168.7.1')];
});

/** What the plan says, in the words in which the fake kernel notes what the daemon does. */
async function planned(yaml: string): Promise<readonly string[]> {
  const readFile = () => yaml;
  const tool = toolSettings({ daemonFlags: flags, options: new Map() }, { readFile }, noDaemon);
  const { tables } = await readObjects(tool, ['objects'], { readFile });
  const { config } = tool.settings;
  const { operations } = await planNodeState({
    tables,
    config,
    nodeName: tool.nodeName,
    view: viewOf(kernel),
    modules: { state: () => 'loaded' },
    withSettings: false,
  });
  return operations.flatMap(inWordsOfTheKernel);
}

function inWordsOfTheKernel(operation: NotedOperation): readonly string[] {
  switch (operation.kind) {
    case 'makeInterface':
    case 'setSysctl':
    case 'setTimeouts':
      return [];
    case 'writeRules':
      return [`rules ${operation.family}`];
    case 'replaceSet':
      return [`replaceSet ${operation.set.name}`];
    case 'deleteFlows':
      return [`deleteFlows ${operation.flows}`];
    default:
      return [describeOperation(operation)];
  }
}

async function done(yaml: string): Promise<readonly string[]> {
  const before = kernel.writes.length;
  await programNode(kernel, yaml, flags);
  return kernel.writes.slice(before);
}

describe('the plan and the daemon', () => {
  it.each<[string, () => void | Promise<void>, string]>([
    ['an empty node', () => {}, objectsYaml],
    ['a node as wanted', () => programNode(kernel, objectsYaml, flags), objectsYaml],
    ['an endpoint that is gone', () => programNode(kernel, objectsYaml, flags), withoutEndpoint],
    [
      'an endpoint that is gone with connections',
      async () => {
        await programNode(kernel, objectsYaml, flags);
        kernel.setConnections('TCP/10.96.0.80:80', '10.244.2.6:8080', 3);
      },
      withoutEndpoint,
    ],
    [
      'Services that are gone',
      () => programNode(kernel, objectsYaml, flags),
      'kind: List\napiVersion: v1\nitems: []\n',
    ],
    [
      'what others changed',
      async () => {
        await programNode(kernel, objectsYaml, flags);
        kernel.addresses.delete(ip('10.96.0.80'));
        kernel.sets.delete('KUBE-CLUSTER-IP');
        kernel.rules.delete('IPv6');
        kernel.changeVirtualServer('TCP/10.96.0.81:80', { scheduler: 'lc' });
        kernel.changeRealServer('TCP/10.96.0.80:80', '10.244.1.5:8080', { weight: 7 });
      },
      objectsYaml,
    ],
  ])('agree on %s', async (_what, prepare, yaml) => {
    await prepare();
    const before = kernel.describe();
    const plan = await planned(yaml);
    expect(kernel.describe()).toEqual(before);
    expect(plan).toEqual(await done(yaml));
  });
});
