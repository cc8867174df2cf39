import { beforeEach, describe, expect, it } from '@jest/globals';
import { NodeTracker } from '../../../../src/app/objects/node-tracker.ts';
import { ClusterTables } from '../../../../src/cluster/tables.ts';
import { serviceKey } from '../../../../src/model/service-key.ts';
import { aSlice, anEndpoint, ip } from '../../../support/builders.ts';
import { FakeKernel } from '../../../support/fake-kernel.ts';

let tables: ClusterTables;
let kernel: FakeKernel;
let readings: number;
let failure: Error | undefined;
let warnings: number;
let tracker: NodeTracker;

beforeEach(() => {
  tables = new ClusterTables(() => {});
  kernel = new FakeKernel();
  kernel.nodeAddresses = [ip('192.168.0.10')];
  readings = 0;
  failure = undefined;
  warnings = 0;
  tracker = new NodeTracker({
    tables,
    driver: {
      ...kernel.address,
      listNodeAddresses: async () => {
        readings += 1;
        if (failure !== undefined) throw failure;
        return kernel.nodeAddresses;
      },
    },
    config: { bindAddress: ip('0.0.0.0'), nodePortAddresses: [] },
    nodeName: 'node-1',
    families: ['IPv4', 'IPv6'],
    onReadFailed: () => (warnings += 1),
  });
});

const update = async () => {
  const { facts, changed } = await tracker.update();
  return [changed, facts.nodePortAddresses.join(' ')];
};

describe('NodeTracker', () => {
  it('reads addresses at first, and again only after they changed', async () => {
    expect(await update()).toEqual([true, '192.168.0.10']);
    expect(await update()).toEqual([false, '192.168.0.10']);
    expect(readings).toBe(1);
    kernel.nodeAddresses = [ip('192.168.0.11')];
    tracker.addressesChanged();
    expect(await update()).toEqual([true, '192.168.0.11']);
  });

  it('goes on with the last addresses while they cannot be read, tells it once, and reads them as soon as it can', async () => {
    await update();
    kernel.nodeAddresses = [ip('192.168.0.11')];
    tracker.addressesChanged();
    failure = new Error('EBUSY');
    expect([await update(), await update()]).toEqual([
      [false, '192.168.0.10'],
      [false, '192.168.0.10'],
    ]);
    expect([readings, warnings]).toEqual([3, 1]);
    failure = undefined;
    expect(await update()).toEqual([true, '192.168.0.11']);
    tracker.addressesChanged();
    failure = new Error('EBUSY');
    await update();
    expect(warnings).toBe(2);
  });

  it('has nothing to go on with at the start', async () => {
    failure = new Error('EBUSY');
    await expect(update()).rejects.toThrow('EBUSY');
    failure = undefined;
    expect(await update()).toEqual([true, '192.168.0.10']);
  });

  it('knows the addresses of other Nodes and of API servers', async () => {
    await update();
    const node = { name: 'node-2', addresses: [ip('192.168.0.12')], podCidrs: [], zone: '', leaving: false };
    tables.updateNode(node);
    const service = serviceKey('default', 'kubernetes');
    tables.updateEndpointSlice(aSlice([anEndpoint('192.168.0.13')], { service, key: 'default/kubernetes' }));
    const { facts, changed } = await tracker.update();
    expect([changed, ...facts.otherNodeAddresses]).toEqual([true, '192.168.0.12', '192.168.0.13']);
    tables.updateNode({ ...node });
    expect((await tracker.update()).changed).toBe(false);
    tables.deleteEndpointSlice('default/kubernetes');
    expect([...(await tracker.update()).facts.otherNodeAddresses]).toEqual(['192.168.0.12']);
  });
});
