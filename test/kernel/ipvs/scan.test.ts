import { describe, expect, it } from '@jest/globals';
import { createIpvsDriver } from '../../../src/kernel/ipvs/driver.ts';
import { resolveGenericFamily } from '../../../src/netlink/generic-family.ts';
import type { IpvsDriver, TableVisitor } from '../../../src/kernel/drivers.ts';
import { openIpvsWorld } from './ipvs-world.ts';

const world = openIpvsWorld();

const table = `-A -t 10.96.0.1:80 -s rr -p 300
-a -t 10.96.0.1:80 -r 10.244.1.2:8080 -m -w 1
-a -t 10.96.0.1:80 -r 10.244.1.3:8080 -g -w 0
-A -u 10.96.0.10:53 -s wlc -o
-a -u 10.96.0.10:53 -r 10.244.1.2:53 -i -w 65535
-A --sctp-service 10.96.0.11:9 -s sh -b sh-fallback
-A -t [fd00::1]:443 -s mh -b mh-port
-a -t [fd00::1]:443 -r [fd00:244::1:2]:8443 -m -w 7
-A -f 7 -s rr
-a -f 7 -r 10.244.1.2:0 -g -w 1
`;

async function scan(driver: IpvsDriver): Promise<Map<string, unknown>> {
  const found = new Map<string, unknown>();
  const visitor: TableVisitor = {
    virtualServer: (virtualServer) => found.set(virtualServer.key, virtualServer),
    realServers: (key, realServers) => found.set(`${key} ->`, new Set(realServers.map(({ key: server }) => server))),
  };
  await driver.scan(visitor);
  return found;
}

async function digests(): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  await world.driver.scan({
    virtualServer: () => {},
    realServers: () => {},
    knows: (key, digest) => found.set(key, digest).has(key),
  });
  return found;
}

describe('scan', () => {
  it('shows what list shows, but for thresholds, tunnels and counters', async () => {
    await world.run(`ipvsadm -R <<'END'\n${table}END`);
    const details = new Map<string, unknown>();
    await world.driver.scan({
      virtualServer: (virtualServer) => details.set(virtualServer.key, virtualServer),
      realServers: (key, realServers) => {
        for (const server of realServers) details.set(`${key} ${server.key}`, server);
      },
    });
    const listed = new Map<string, unknown>();
    for (const { virtualServer, realServers } of await world.driver.list()) {
      listed.set(virtualServer.key, virtualServer);
      if (virtualServer.identity.kind === 'firewallMark') continue;
      for (const { key, forwarding, weight, activeConnections, inactiveConnections } of realServers) {
        const scanned = { key, forwarding, weight, activeConnections, inactiveConnections };
        listed.set(`${virtualServer.key} ${key}`, scanned);
      }
    }
    expect(details).toEqual(listed);
    expect(details.size).toBe(9);
  });

  it('tells by a digest which real servers are as before', async () => {
    await world.run(`ipvsadm -R <<'END'\n${table}END`);
    const before = await digests();
    expect(await digests()).toEqual(before);
    await world.run('ipvsadm -e -t 10.96.0.1:80 -r 10.244.1.3:8080 -g -w 1');
    const after = await digests();
    const changed = [...after].filter(([key, digest]) => digest !== before.get(key)).map(([key]) => key);
    expect([changed, after.size]).toEqual([['TCP/10.96.0.1:80'], before.size]);
    const lines = (await world.run('cat /proc/net/ip_vs')).split('\n').filter((line) => /^ {2}-> [0-9A-F[]/.test(line));
    expect(lines).toHaveLength(5);
    // The last two columns, which the digest leaves out.
    for (const line of lines) expect(line.slice(-22)).toMatch(/^ 0 {9} 0 {9}$/);
  });

  it('finds the same where the text of the table cannot be had', async () => {
    await world.run(`ipvsadm -R <<'END'\n${table}END`);
    const { transport } = world;
    const without = createIpvsDriver({
      transport,
      tablePath: '/nowhere',
      resolveFamily: () => resolveGenericFamily(transport, 'IPVS'),
    });
    expect(await scan(without)).toEqual(await scan(world.driver));
  });

  it('shows every real server where another network namespace has virtual servers too', async () => {
    const lines = (prefix: string) =>
      Array.from({ length: 600 }, (_, index) => {
        const service = `${prefix}.${index >> 8}.${index & 255}:80`;
        return `-A -t ${service} -s rr\n-a -t ${service} -r 10.244.1.2:80 -m\n`;
      }).join('');
    await world.run('ip netns add other && ip -n other link set lo up');
    await world.run(`ip netns exec other ipvsadm -R <<'END'\n${lines('10.98')}END`);
    await world.run(`ipvsadm -R <<'END'\n${lines('10.97')}END`);
    const found = await scan(world.driver);
    await world.run('ip netns del other');
    expect(found.size).toBe(1200);
    expect([...found.values()].filter((value) => value instanceof Set && value.size === 1)).toHaveLength(600);
  });

  it('reads a large table whole, in many turns of the event loop', async () => {
    const lines = Array.from({ length: 1500 }, (_, index) => {
      const service = `10.97.${index >> 8}.${index & 255}:80`;
      return `-A -t ${service} -s rr\n-a -t ${service} -r 10.244.1.2:80 -m\n-a -t ${service} -r 10.244.1.3:80 -m\n`;
    });
    await world.run(`ipvsadm -R <<'END'\n${lines.join('')}END`);
    let turns = 0;
    const counter = setInterval(() => turns++, 0);
    const found = await scan(world.driver);
    clearInterval(counter);
    expect(found.size).toBe(3000);
    expect([...found.values()].filter((value) => value instanceof Set && value.size === 2)).toHaveLength(1500);
    expect(turns).toBeGreaterThan(0);
  });
});
