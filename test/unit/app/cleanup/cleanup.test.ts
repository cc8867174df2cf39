import type { VirtualServer } from '../../../../src/model/virtual-server.ts';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { cleanUp } from '../../../../src/app/cleanup/cleanup.ts';
import { parseSave } from '../../../../src/kernel/rules/parse-save.ts';
import { portEntry } from '../../../../src/model/ip-set.ts';
import { virtualServerKey } from '../../../../src/model/virtual-server.ts';
import { DriverError } from '../../../../src/kernel/errors.ts';
import { errno, NetlinkError } from '../../../../src/netlink/errors.ts';
import { ipSetFor } from '../../../../src/plan/ip-sets.ts';
import { cidr, ip } from '../../../support/builders.ts';
import { FakeKernel } from '../../../support/fake-kernel.ts';

let kernel: FakeKernel;
let lines: string[];
let removedChains: string[];
let interfaceRemoved: boolean;

function server(address: string, port: number): VirtualServer {
  const identity = { kind: 'address', address: ip(address), port, protocol: 'TCP' } as const;
  return {
    key: virtualServerKey(identity),
    identity,
    scheduler: 'rr',
    flags: 0,
    persistenceTimeoutSeconds: 0,
    persistencePrefixLength: 32,
    persistenceEngine: '',
  };
}

beforeEach(async () => {
  kernel = new FakeKernel();
  lines = [];
  removedChains = [];
  interfaceRemoved = false;
  kernel.nodeAddresses = [ip('192.168.0.10')];
  kernel.addresses.add(ip('10.96.0.1'));
  const nodePorts = ipSetFor('nodePortTcp', 'IPv4');
  kernel.sets.set(nodePorts.name, { set: nodePorts, entries: new Map([['30080', portEntry(30080)]]) });
  const foreign = ipSetFor('clusterIp', 'IPv4');
  kernel.sets.set('OTHERS', { set: foreign, entries: new Map() });
  for (const [address, port] of [
    ['10.96.0.1', 443],
    ['192.168.0.10', 30080],
    ['192.168.0.10', 8080],
    ['203.0.113.1', 80],
  ] as const) {
    await kernel.ipvs.apply([{ kind: 'addVirtualServer', virtualServer: server(address, port) }]);
  }
  kernel.writes.length = 0;
});

async function run(excludeCidrs = [] as string[], dryRun = false) {
  const saves = {
    nft: parseSave('*nat\n:KUBE-SERVICES - [0:0]\nCOMMIT\n'),
    legacy: parseSave('*filter\n:KUBE-NODE-PORT - [0:0]\nCOMMIT\n'),
  };
  return await cleanUp({
    drivers: {
      ...kernel.drivers,
      address: {
        ...kernel.address,
        removeInterface: async () => {
          interfaceRemoved = true;
          kernel.writes.push('removeInterface');
          return true;
        },
      },
      rules: (['nft', 'legacy'] as const).map((flavour) => ({
        flavour: async () => flavour,
        saved: async (family) => (family === 'IPv4' ? saves[flavour] : undefined),
        remove: async ({ chains }) => {
          kernel.writes.push('removeRules');
          removedChains.push(...chains.map(({ name }) => `${name} ${flavour}`));
        },
      })),
      ipset: {
        ...kernel.ipset,
        destroy: async (names) => {
          kernel.writes.push(`destroy ${names.join(' ')}`);
          return [];
        },
      },
    },
    config: { ipvs: { excludeCidrs: excludeCidrs.map(cidr) } as never }, // nothing else of it is read
    dryRun,
    print: (line) => {
      lines.push(line);
      kernel.writes.push('print');
    },
  });
}

const changes = () => kernel.writes.filter((write) => write !== 'print');

describe('cleanUp', () => {
  it('removes what is ours, in order, and nothing of others', async () => {
    expect(await run()).toEqual([]);
    expect(changes()).toEqual([
      'removeInterface',
      'deleteVirtualServer TCP/10.96.0.1:443',
      'deleteVirtualServer TCP/192.168.0.10:30080',
      'removeRules',
      'removeRules',
      'destroy KUBE-NODE-PORT-TCP',
    ]);
    expect(removedChains).toEqual(['KUBE-SERVICES nft', 'KUBE-NODE-PORT legacy']);
  });

  it('changes nothing in a dry run, and prints the same', async () => {
    await run([], true);
    const dry = lines.splice(0);
    expect(changes()).toEqual([]);
    await run();
    expect(dry).toEqual([...lines, 'nothing was changed: this is a dry run']);
  });

  it('prints everything before it changes anything', async () => {
    await run();
    expect(lines).toEqual([
      'remove 1 addresses, with the interface kube-ipvs0',
      '  10.96.0.1',
      'remove 2 virtual servers',
      '  TCP/10.96.0.1:443',
      '  TCP/192.168.0.10:30080',
      'remove 2 chains, with the jumps to them',
      '  IPv4 nat KUBE-SERVICES (nft)',
      '  IPv4 filter KUBE-NODE-PORT (legacy)',
      'remove 1 IP sets',
      '  KUBE-NODE-PORT-TCP',
    ]);
    expect(kernel.writes.lastIndexOf('print')).toBeLessThan(kernel.writes.indexOf('removeInterface'));
  });

  it('leaves excluded ranges, and the interface with them', async () => {
    kernel.addresses.add(ip('10.96.0.9'));
    await run(['10.96.0.1/32']);
    expect(interfaceRemoved).toBe(false);
    expect(changes().slice(0, 2)).toEqual(['unbindAddress 10.96.0.9', 'deleteVirtualServer TCP/192.168.0.10:30080']);
  });

  it('goes on after a failure, and tells of it', async () => {
    kernel.failWhen = (operation) => operation.includes('10.96.0.1:443');
    const failures = await run();
    expect(failures).toHaveLength(1);
    expect(changes()).toContain('destroy KUBE-NODE-PORT-TCP');
    expect(lines.at(-1)).toMatch(/^failed: deleteVirtualServer TCP\/10.96.0.1:443/);
  });

  it('works where the kernel has no IPVS', async () => {
    kernel.ipvs.list = async () => {
      throw new NetlinkError('look up IPVS', errno.ENOENT, '');
    };
    expect(await run()).toEqual([]);
    expect(changes()).toContain('destroy KUBE-NODE-PORT-TCP');
  });

  it('works where the kernel has no IP sets', async () => {
    kernel.ipset.list = async () => {
      throw new DriverError('ipset', 'list', { errnoName: 'EINVAL', detail: 'the kernel has no IP sets' });
    };
    expect(await run()).toEqual([]);
    expect(changes()).toContain('deleteVirtualServer TCP/10.96.0.1:443');
  });

  it('does not take another failure for a kernel that lacks something', async () => {
    kernel.ipvs.list = async () => {
      throw new NetlinkError('list', errno.EPERM, '');
    };
    await expect(run()).rejects.toThrow('EPERM');
    expect(changes()).toEqual([]);
  });
});
