import { createSocket } from 'node:dgram';
import { describe, expect, it } from '@jest/globals';
import type { IpvsOperation } from '../../../src/model/operation.ts';
import type { VirtualServer } from '../../../src/model/virtual-server.ts';
import { markedVirtualServer, realServer, virtualServer } from '../../support/ipvs-builders.ts';
import { openIpvsWorld } from './ipvs-world.ts';

const world = openIpvsWorld();

describe('a table of 2,000 virtual servers with five real servers each', () => {
  it('is written in one batch, listed whole and removed', async () => {
    const wanted = manyServers(2000);
    expect(await world.driver.apply(wanted.flatMap(additions))).toEqual([]);
    expect(await world.run('ipvsadm -Sn | sort | uniq | wc -l')).toBe('12000\n');
    const observed = await world.driver.list();
    const byKey = new Map(observed.map((server) => [server.virtualServer.key, server]));
    expect(observed).toHaveLength(2000);
    for (const { server, backends } of wanted) {
      const found = byKey.get(server.key);
      expect(found?.virtualServer).toEqual(server);
      expect(found?.realServers.map(({ key }) => key).sort()).toEqual(backends.map(({ key }) => key).sort());
    }
    const removals = wanted.map(
      ({ server }): IpvsOperation => ({ kind: 'deleteVirtualServer', virtualServer: server }),
    );
    await world.apply(...removals);
    expect(await world.savedTable()).toEqual([]);
  });
});

describe('listRealServers', () => {
  it('answers in the order asked for, with nothing for a virtual server that is not there', async () => {
    const servers = [
      virtualServer('UDP', '10.96.0.10:53'),
      markedVirtualServer(7, 'IPv6'),
      virtualServer('TCP', '[fd00::1]:80'),
    ];
    const backends = [realServer('10.244.1.2:53'), realServer('[fd00::2]:0'), realServer('[fd00::3]:80')];
    const missing = virtualServer('TCP', '10.96.0.99:80');
    for (const [index, server] of servers.entries()) {
      await world.apply(...additions({ server, backends: backends.slice(index, index + 1) }));
    }
    const asked = [missing, ...servers.toReversed(), missing];
    const lists = await world.driver.listRealServers(asked);
    expect(lists.map((list) => list.map(({ key }) => key as string))).toEqual([
      [],
      ['[fd00::3]:80'],
      ['[fd00::2]:0'],
      ['10.244.1.2:53'],
      [],
    ]);
  });
});

describe('settings', () => {
  it('time-outs are those of ipvsadm', async () => {
    const printed = async () =>
      /: (\d+) (\d+) (\d+)/
        .exec(await world.run('ipvsadm -Ln --timeout'))
        ?.slice(1)
        .map(Number);
    const before = await world.driver.timeouts();
    expect(await printed()).toEqual([before.tcpSeconds, before.tcpFinSeconds, before.udpSeconds]);
    await world.driver.setTimeouts({ tcpSeconds: 1000, tcpFinSeconds: 0, udpSeconds: 77 });
    expect(await printed()).toEqual([1000, before.tcpFinSeconds, 77]);
    expect(await world.driver.timeouts()).toEqual({
      tcpSeconds: 1000,
      tcpFinSeconds: before.tcpFinSeconds,
      udpSeconds: 77,
    });
    await world.driver.setTimeouts(before);
    await expect(world.driver.setTimeouts({ ...before, tcpSeconds: 0xffff_ffff })).rejects.toThrow(/EINVAL/);
  });

  it('version and table size are those of ipvsadm', async () => {
    const info = await world.driver.info();
    expect(await world.run('ipvsadm -Ln')).toContain(`version ${info.version} (size=${info.connectionTableSize})`);
  });

  it('flush removes everything, whoever made it', async () => {
    await world.run('ipvsadm -A -t 10.96.0.1:80 && ipvsadm -A -f 7 -6');
    await world.driver.flush();
    expect(await world.savedTable()).toEqual([]);
    await world.driver.flush();
  });
});

describe('counters', () => {
  it('count traffic as ipvsadm does, and are reset', async () => {
    const echo = virtualServer('UDP', '10.96.0.10:9');
    const backend = realServer('127.0.0.1:9');
    await world.run('ip addr add 10.96.0.10/32 dev lo');
    await world.apply(...additions({ server: echo, backends: [backend] }));
    for (const port of [41001, 41002, 41003]) await sendDatagram(port, '10.96.0.10', 9);
    // The kernel adds up its counters every two seconds.
    await world.run(
      'timeout 120 sh -c \'until ipvsadm -Ln --stats | grep -q "10.96.0.10:9 *3 *3 "; do sleep 0.2; done\'',
    );
    const [observed] = await world.driver.list();
    expect(observed?.counters.incomingPackets).toBe(3n);
    expect(observed?.counters.connections).toBe(3n);
    expect(observed?.realServers[0]).toMatchObject({ inactiveConnections: 3, activeConnections: 0 });
    expect(observed?.realServers[0]?.counters).toMatchObject({ connections: 3n, incomingPackets: 3n });
    await world.driver.zeroCounters(echo);
    expect((await world.driver.list())[0]?.counters).toMatchObject({ connections: 0n, incomingPackets: 0n });
    await world.run('ip addr del 10.96.0.10/32 dev lo');
  });
});

/** Sends one datagram from the local port. */
async function sendDatagram(fromPort: number, address: string, port: number): Promise<void> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(fromPort, '0.0.0.0', resolve));
  await new Promise<void>((resolve, reject) =>
    socket.send('hello', port, address, (error) => (error ? reject(error) : resolve())),
  );
  await new Promise<void>((resolve) => socket.close(resolve));
}

interface Wanted {
  readonly server: VirtualServer;
  readonly backends: readonly ReturnType<typeof realServer>[];
}

function manyServers(count: number): Wanted[] {
  return Array.from({ length: count }, (_, index) => ({
    server:
      index % 2
        ? virtualServer('UDP', `[fd00:97::${index.toString(16)}]:53`)
        : virtualServer('TCP', `10.97.${index >> 8}.${index & 255}:80`),
    backends: Array.from({ length: 5 }, (_unused, number) =>
      index % 2
        ? realServer(`[fd00:244::${(index * 5 + number).toString(16)}]:53`)
        : realServer(`10.${244 + (index >> 10)}.${(index >> 2) & 255}.${((index & 3) << 6) + number + 1}:8080`),
    ),
  }));
}

function additions({ server, backends }: Wanted): IpvsOperation[] {
  return [
    { kind: 'addVirtualServer', virtualServer: server },
    ...backends.map(
      (backend): IpvsOperation => ({ kind: 'addRealServer', virtualServer: server, realServer: backend }),
    ),
  ];
}
