import { describe, expect, it } from '@jest/globals';
import { probeScheduler } from '../../../src/kernel/ipvs/probe.ts';
import { realServer, virtualServer } from '../../support/ipvs-builders.ts';
import { openIpvsWorld } from './ipvs-world.ts';

const world = openIpvsWorld();
/** Of IPVS in Linux 6.1. */
const schedulers = ['rr', 'wrr', 'lc', 'wlc', 'lblc', 'lblcr', 'sh', 'dh', 'sed', 'nq', 'fo', 'ovf', 'mh'];

describe.each(schedulers)('scheduler %s', (scheduler) => {
  it('is there', async () => {
    expect(await probeScheduler(world.driver, scheduler)).toBeUndefined();
    expect(await world.savedTable()).toEqual([]);
  });

  it('can be given to a virtual server with real servers, and taken away', async () => {
    const server = virtualServer('TCP', '10.96.0.1:80', { scheduler });
    const backend = realServer('10.244.1.2:80');
    await world.apply(
      { kind: 'addVirtualServer', virtualServer: server },
      { kind: 'addRealServer', virtualServer: server, realServer: backend },
    );
    expect(await world.savedTable()).toEqual([
      `-A -t 10.96.0.1:80 -s ${scheduler}`,
      '-a -t 10.96.0.1:80 -r 10.244.1.2:80 -m -w 1',
    ]);
    const other = { ...server, scheduler: scheduler === 'rr' ? 'wrr' : 'rr' };
    await world.apply({ kind: 'setVirtualServer', virtualServer: other });
    expect((await world.driver.list())[0]).toMatchObject({ virtualServer: other, realServers: [backend] });
  });
});

it('a scheduler that no kernel has is named with its module', async () => {
  const error = await probeScheduler(world.driver, 'nonesuch');
  expect(error?.message).toBe(
    'add virtual server TCP/198.51.100.0:20000 (nonesuch): ENOENT: ' +
      'kernel module ip_vs_nonesuch is missing; on the node: modprobe ip_vs_nonesuch',
  );
  expect(await world.savedTable()).toEqual([]);
});
