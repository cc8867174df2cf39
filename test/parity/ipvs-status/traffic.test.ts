import { createSocket } from 'node:dgram';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Printed } from './parity-world.ts';
import { openParityWorld, withoutTimes, words } from './parity-world.ts';

const world = openParityWorld();
const servers: Server[] = [];
const sockets: Socket[] = [];

/** Service addresses, and one that real servers listen on. */
const addresses = ['10.0.0.1/32', '10.0.0.2/32', '10.0.0.5/24', 'fd00::1/128'];
const marking = 'iptables -t mangle -A OUTPUT -d 10.0.0.2 -p tcp --dport 90 -j MARK --set-mark 3';

describe('after traffic', () => {
  beforeAll(async () => {
    for (const address of addresses) await world.shell.run(`ip addr add ${address} dev lo`);
    await world.shell.run(marking);
    for (const [port, host] of [
      [81, '10.0.0.5'],
      [90, '10.0.0.5'],
      [82, 'fd00::1'],
    ] as const) {
      const server = createServer((socket) => sockets.push(socket.on('error', () => undefined)));
      servers.push(server);
      await once(server.listen(port, host), 'listening');
    }
  });

  afterAll(async () => {
    for (const socket of sockets) socket.destroy();
    for (const server of servers) server.close();
    await world.shell.run(marking.replace('-A', '-D'));
    for (const address of addresses) await world.shell.run(`ip addr del ${address} dev lo`);
  });

  it('counters and connections', async () => {
    await world.restore([
      '-A -t 10.0.0.1:80 -s rr',
      '-a -t 10.0.0.1:80 -r 10.0.0.5:81 -m',
      '-A -t 10.0.0.1:81 -s rr -p 600',
      '-a -t 10.0.0.1:81 -r 10.0.0.5:81 -m',
      '-A -t 10.0.0.2:82 -s rr -p 6000 -M 255.255.255.0',
      '-a -t 10.0.0.2:82 -r 10.0.0.5:81 -m -x 100 -y 3',
      '-A -t [fd00::1]:81 -s rr -p 60 -M 64',
      '-a -t [fd00::1]:81 -r [fd00::1]:82 -m',
      '-A -t 10.0.0.2:83 -s rr',
      '-a -t 10.0.0.2:83 -r 60.1.1.2:83 -i',
      '-A -u 10.0.0.1:53 -s rr',
      '-a -u 10.0.0.1:53 -r 10.0.0.5:81 -m',
      '-A -u 10.0.0.2:5060 -s rr -p 60 --pe sip',
      '-a -u 10.0.0.2:5060 -r 10.1.1.2:5060 -m',
      '-A -f 3 -s rr -p 90',
      '-a -f 3 -r 10.0.0.5:81 -m',
    ]);
    await send();
    await countersOfTraffic();
    for (const options of ['-Ln', '-Ln --stats', '-Ln --stats --exact', '-Ln --persistent-conn', '-Ln --thresholds']) {
      await expectSameAtOnce(words(options));
    }
    for (const options of ['-Ln --rate', '-Ln --rate --exact', '-Lnc', '-Lc', '-Lnc --persistent-conn']) {
      await expectSameAtOnce(words(options));
    }
    const { output } = await world.ours(['-Lnc', '--persistent-conn']);
    expect(output).toMatch(/^TCP \d\d:\d\d {2}ESTABLISHED 10\.0\.0\.1:\d+ +10\.0\.0\.1:80 +10\.0\.0\.5:81$/m);
    expect(output).toMatch(/^UDP \d\d:\d\d {2}NONE +10\.0\.0\.2:0 .* sip +call-1@10\.0\.0\.2$/m);
    expect(output).toMatch(/^IP +\d\d:\d\d {2}/m);
    expect(output).toMatch(/\[fd00::1\]:82$/m);
  });
});

/** The kernel adds up what its processors counted every two seconds. */
async function countersOfTraffic(): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const { output } = await world.ours(['-Ln', '--stats']);
    if (/^TCP {2}10\.0\.0\.1:80 {17} +1 +[^0]/m.test(output)) return;
    if (attempt === 600) throw new Error(`no counters of the traffic after a minute:\n${output}`);
    await setTimeout(100);
  }
}

async function send(): Promise<void> {
  for (const [port, host] of [
    [80, '10.0.0.1'],
    [81, '10.0.0.1'],
    [82, '10.0.0.2'],
    [81, 'fd00::1'],
    [90, '10.0.0.2'],
  ] as const) {
    const socket = connect(port, host);
    sockets.push(socket.on('error', () => undefined));
    await once(socket, 'connect');
    socket.write('x'.repeat(10_000));
  }
  sockets.push(connect(83, '10.0.0.2').on('error', () => undefined));
  const datagrams = createSocket('udp4');
  const sip = 'INVITE sip:a@b SIP/2.0\r\nCall-ID: call-1@10.0.0.2\r\n\r\n';
  for (const [text, port, host] of [
    ['hello', 53, '10.0.0.1'],
    [sip, 5060, '10.0.0.2'],
  ] as const) {
    await new Promise((resolve) => datagrams.send(text, port, host, resolve));
  }
  datagrams.close();
}

/**
 * Rates go on: ours is compared when the other prints the same before and after. So does the time that connections have
 * left, on a busy machine before all three have looked: ours has to lie between the two.
 */
async function expectSameAtOnce(list: readonly string[]): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const [before] = await world.ipvsadm([list]);
    const printed: Printed = await world.ours(list);
    const [after] = await world.ipvsadm([list]);
    if (before === undefined || after === undefined) throw new Error('ipvsadm printed nothing');
    const [atFirst, ours, atLast] = [before, printed, after].map(secondsLeft) as [number[], number[], number[]];
    const isSteady =
      withoutTimes(before).output === withoutTimes(after).output &&
      atFirst.every((seconds, index) => seconds >= (atLast[index] ?? Number.NaN));
    if (!isSteady && attempt < 400) continue;
    expect({ list, ...withoutTimes(printed) }).toEqual({ list, ...withoutTimes(before) });
    for (const [index, seconds] of ours.entries()) {
      expect(seconds).toBeLessThanOrEqual(atFirst[index] ?? Number.NaN);
      expect(seconds).toBeGreaterThanOrEqual(atLast[index] ?? Number.NaN);
    }
    return;
  }
}

/** The time that each connection has left, in the order of the lines. */
function secondsLeft({ output }: Printed): number[] {
  const times = output.matchAll(/^\w+ +(\d\d):(\d\d) /gm);
  return [...times].map(([, minutes, seconds]) => Number(minutes) * 60 + Number(seconds));
}
