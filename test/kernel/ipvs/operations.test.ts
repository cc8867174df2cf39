import { describe, expect, it } from '@jest/globals';
import type { IpvsOperation } from '../../../src/model/operation.ts';
import type { RealServer } from '../../../src/model/real-server.ts';
import type { VirtualServer } from '../../../src/model/virtual-server.ts';
import {
  deleteOperations,
  realServerOperations,
  virtualServerOperations,
} from '../../support/captured/ipvs-operations.ts';
import { openIpvsWorld } from './ipvs-world.ts';

type Step = readonly [command: string, operation: IpvsOperation];

const world = openIpvsWorld();
const additions = virtualServerOperations.filter(([, { kind }]) => kind === 'addVirtualServer');
const stages: readonly (readonly [name: string, steps: readonly Step[]])[] = [
  ['adding virtual servers of every kind', additions],
  ['and changing some of them', virtualServerOperations],
  ['and adding and changing real servers of every kind', [...virtualServerOperations, ...realServerOperations]],
  ['and deleting', [...virtualServerOperations, ...realServerOperations, ...deleteOperations]],
];

describe.each(stages)('%s', (_, steps) => {
  const operations = steps.map(([, operation]) => operation);

  it('leaves the same table as the same commands of ipvsadm', async () => {
    await runCommands(steps);
    const theirs = await printedTable();
    await world.driver.flush();
    await world.apply(...operations);
    expect(await printedTable()).toBe(theirs);
  });

  it('done one by one, leaves the same table as done at once', async () => {
    await world.apply(...operations);
    const atOnce = await world.savedTable();
    await world.driver.flush();
    for (const operation of operations) await world.apply(operation);
    expect(await world.savedTable()).toEqual(atOnce);
  });

  it('done by ipvsadm, is listed as it was meant', async () => {
    await runCommands(steps);
    const observed = await world.driver.list();
    const listed = observed.map(({ virtualServer, realServers }) => ({
      virtualServer,
      realServers: realServers.map(settingsOf).sort(byKey),
    }));
    expect(listed.sort((a, b) => byKey(a.virtualServer, b.virtualServer))).toEqual(expectedTable(operations));
  });
});

it('ipvsadm prints what was added', async () => {
  await world.apply(...additions.map(([, operation]) => operation));
  const commands = additions.map(([command]) => command.replace('ipvsadm ', ''));
  expect([...(await world.savedTable())].sort()).toEqual(commands.sort());
});

it('ipvsadm prints real servers of every kind', async () => {
  await world.apply(...[...virtualServerOperations, ...realServerOperations].map(([, operation]) => operation));
  expect(await world.savedTable()).toEqual(
    expect.arrayContaining([
      '-A -t 10.96.0.1:80 -s wlc -p 600',
      '-a -t 10.96.0.1:80 -r 10.244.1.2:8080 -m -w 5',
      '-a -t 10.96.0.1:80 -r 10.244.1.3:8080 -m -w 0',
      '-a -t 10.96.0.1:80 -r 10.244.1.4:80 -g -w 100',
      '-a -t 10.96.0.1:80 -r 10.244.1.5:80 -i -w 1 --tun-type gue --tun-port 6082 --tun-nocsum',
      '-a -t 10.96.0.1:80 -r 10.244.1.7:80 -i -w 1 --tun-type gre --tun-nocsum',
      '-a -t 10.96.0.1:80 -r [fd00:10:244::9]:80 -i -w 1 --tun-type ipip',
      '-a -t [fd00::1]:443 -r [fd00:10:244::2]:8443 -m -w 3',
      '-A -f 7 -s rr',
      '-a -f 8 -6 -r [fd00:10:244::2]:0 -g -w 1',
    ]),
  );
  expect(await world.run('ipvsadm -Ln --thresholds')).toMatch(/10\.244\.1\.4:80 +2000 +1000/);
});

/** Has one ipvsadm run the commands in order; the first that fails ends it. */
async function runCommands(steps: readonly Step[]): Promise<void> {
  const lines = steps.map(([command]) => command.replace('ipvsadm ', ''));
  await world.run(`printf '%s\\n' ${lines.map((line) => `'${line}'`).join(' ')} | ipvsadm -R`);
}

/** The table, and what the saved form does not tell. */
function printedTable(): Promise<string> {
  return world.run('ipvsadm -Sn; ipvsadm -Ln --thresholds');
}

/** What the operations come to: the later one wins. */
function expectedTable(operations: readonly IpvsOperation[]) {
  const virtualServers = new Map<string, VirtualServer>();
  const realServers = new Map<string, Map<string, RealServer>>();
  for (const operation of operations) {
    const { key } = operation.virtualServer;
    if (operation.kind === 'deleteVirtualServer') virtualServers.delete(key);
    else if (operation.kind === 'deleteRealServer') realServers.get(key)?.delete(operation.realServer.key);
    else if (!('realServer' in operation)) virtualServers.set(key, operation.virtualServer);
    else realServers.set(key, (realServers.get(key) ?? new Map()).set(operation.realServer.key, operation.realServer));
  }
  return [...virtualServers.values()].sort(byKey).map((virtualServer) => ({
    virtualServer,
    realServers: [...(realServers.get(virtualServer.key)?.values() ?? [])].map(settingsOf).sort(byKey),
  }));
}

/** A real server without its counters. A tunnel that is not described is one of type IPIP. */
function settingsOf(server: RealServer): RealServer {
  const { key, address, port, forwarding, weight, upperThreshold, lowerThreshold } = server;
  const settings = { key, address, port, forwarding, weight, upperThreshold, lowerThreshold };
  if (forwarding !== 'tunnel') return settings;
  return { ...settings, tunnel: server.tunnel ?? { type: 'ipip', port: 0, flags: 0 } };
}

function byKey(a: { readonly key: string }, b: { readonly key: string }): number {
  return a.key < b.key ? -1 : 1;
}
