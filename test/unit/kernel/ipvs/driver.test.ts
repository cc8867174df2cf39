import { describe, expect, it } from '@jest/globals';
import { ipvsCommand } from '../../../../src/kernel/ipvs/attributes.ts';
import { noTraffic } from '../../../../src/kernel/ipvs/decode-counters.ts';
import { createIpvsDriver } from '../../../../src/kernel/ipvs/driver.ts';
import type { IpvsOperation } from '../../../../src/model/operation.ts';
import { errno } from '../../../../src/netlink/errors.ts';
import { readRecording, recordedCommand } from '../../../support/captured/read-recording.ts';
import { replayKernel } from '../../../support/captured/replay.ts';
import type { FakeKernel } from '../../../support/fake-transport.ts';
import { createFakeTransport, refusal } from '../../../support/fake-transport.ts';
import { markedVirtualServer, realServer, virtualServer } from '../../../support/ipvs-builders.ts';

const recording = readRecording('ipvs-ipvsadm-1.31.hex');
const success = new Uint8Array(0);
const web = virtualServer('TCP', '10.96.0.1:80');
const backend = realServer('10.244.1.2:8080');

describe('list', () => {
  it('reads what a kernel answered to ipvsadm -Ln', async () => {
    const { driver, transport } = driverOn(replayKernel(recordedCommand(recording, 'ipvsadm -Ln')));
    const observed = await driver.list();
    const byKey = new Map(observed.map((server) => [server.virtualServer.key as string, server]));
    expect([...byKey.keys()].sort()).toEqual([
      'FWM/7/IPv4',
      'FWM/8/IPv6',
      'SCTP/10.96.0.1:3868',
      'TCP/10.96.0.1:80',
      'TCP/10.96.0.2:443',
      'TCP/10.96.0.3:443',
      'TCP/10.96.0.4:80',
      'TCP/10.96.0.5:80',
      'TCP/10.96.0.6:80',
      'TCP/[fd00::1]:443',
      'TCP/[fd00::3]:443',
      'UDP/10.96.0.10:53',
      'UDP/10.96.0.7:53',
      'UDP/10.96.0.8:5060',
      'UDP/[fd00::10]:53',
    ]);
    const virtualServers = observed.map((server) => server.virtualServer);
    expect(virtualServers).toEqual(
      expect.arrayContaining([
        virtualServer('TCP', '10.96.0.1:80', { scheduler: 'wlc', persistenceTimeoutSeconds: 600 }),
        virtualServer('UDP', '10.96.0.8:5060', { persistenceTimeoutSeconds: 60, persistenceEngine: 'sip' }),
        virtualServer('TCP', '[fd00::3]:443', {
          scheduler: 'wrr',
          persistenceTimeoutSeconds: 360,
          persistencePrefixLength: 64,
        }),
        virtualServer('TCP', '10.96.0.3:443', {
          scheduler: 'wrr',
          persistenceTimeoutSeconds: 360,
          persistencePrefixLength: 24,
        }),
        virtualServer('TCP', '10.96.0.6:80', { scheduler: 'mh', flags: 0x18 }),
        virtualServer('UDP', '[fd00::10]:53', { flags: 0x04 }),
        markedVirtualServer(7, 'IPv4'),
        markedVirtualServer(8, 'IPv6'),
      ]),
    );
    expect(transport.requests.map((batch) => batch.length)).toEqual([1, 15]);
    const tunnel = (type: 'ipip' | 'gue' | 'gre', port = 0, flags = 0) => ({ type, port, flags });
    const tunnelled = (endpoint: string, ...parts: Parameters<typeof tunnel>) =>
      realServer(endpoint, { forwarding: 'tunnel', tunnel: tunnel(...parts) });
    const direct = { forwarding: 'directRouting' } as const;
    expect(byKey.get('TCP/10.96.0.1:80')?.realServers).toEqual(
      [
        tunnelled('[fd00:10:244::9]:80', 'ipip'),
        tunnelled('10.244.1.8:80', 'gue', 6081, 2),
        tunnelled('10.244.1.7:80', 'gre'),
        tunnelled('10.244.1.6:80', 'gue', 6080, 1),
        tunnelled('10.244.1.5:80', 'gue', 6082),
        realServer('10.244.1.4:80', { ...direct, weight: 100, upperThreshold: 2000, lowerThreshold: 1000 }),
        realServer('10.244.1.2:8080', { weight: 5 }),
      ].map(withoutTraffic),
    );
    expect(byKey.get('FWM/7/IPv4')?.realServers).toEqual([realServer('10.244.1.2:0', direct)].map(withoutTraffic));
    expect(byKey.get('FWM/8/IPv6')?.realServers).toEqual(
      [realServer('[fd00:10:244::2]:0', direct)].map(withoutTraffic),
    );
    expect(byKey.get('TCP/10.96.0.2:443')?.realServers).toEqual([]);
    expect(byKey.get('TCP/10.96.0.2:443')?.counters).toEqual(noTraffic);
  });

  it('is empty for an empty table, with one request', async () => {
    const { driver, transport } = driverOn(() => success);
    expect(await driver.list()).toEqual([]);
    expect(transport.requests).toHaveLength(1);
  });

  it('asks for the real servers of many virtual servers in chunks, and keeps their order', async () => {
    const wanted = Array.from({ length: 1025 }, (_, index) =>
      virtualServer('TCP', `10.96.${index >> 8}.${index & 255}:80`),
    );
    const { driver, transport } = driverOn(echoDestination);
    const lists = await driver.listRealServers(wanted);
    expect(transport.requests.map((batch) => batch.length)).toEqual([512, 512, 1]);
    expect(lists.map((list) => list[0]?.address)).toEqual(
      wanted.map(({ identity }) => identity.kind === 'address' && identity.address),
    );
  });

  it('asks through the other transport when there is one', async () => {
    const transport = createFakeTransport(() => success);
    const realServerTransport = createFakeTransport(() => success);
    const driver = createIpvsDriver({ transport, realServerTransport, resolveFamily: async () => 28 });
    expect(await driver.listRealServers([web])).toEqual([[]]);
    expect([transport.requests.length, realServerTransport.requests.length]).toEqual([0, 1]);
  });

  it('names the missing capability', async () => {
    const { driver } = driverOn(() => refusal(errno.EPERM));
    await expect(driver.list()).rejects.toMatchObject({
      code: 'DRIVER_FAILED',
      errnoName: 'EPERM',
      message: expect.stringMatching(/^list virtual servers: EPERM.*NET_ADMIN/),
    });
  });

  it('passes on any other refusal', async () => {
    const { driver } = driverOn(() => refusal(errno.EBUSY));
    await expect(driver.list()).rejects.toMatchObject({ code: 'NETLINK_FAILED', errno: errno.EBUSY });
  });
});

describe('apply', () => {
  it('does nothing for no operations, not even look up the family', async () => {
    const { driver, transport, lookUps } = driverOn(() => success);
    expect(await driver.apply([])).toEqual([]);
    expect(transport.exchanges).toHaveLength(0);
    expect(lookUps()).toBe(0);
  });

  it('sends a batch in one exchange, in order', async () => {
    const { driver, transport } = driverOn(() => success);
    expect(await driver.apply([...addBoth, { kind: 'deleteVirtualServer', virtualServer: web }])).toEqual([]);
    expect(transport.exchanges.map((batch) => batch.map(commandOf))).toEqual([
      [ipvsCommand.newService, ipvsCommand.newDestination, ipvsCommand.deleteService],
    ]);
  });

  it('turns adds of what is there into sets, in a second exchange', async () => {
    const { driver, transport } = driverOn((message) =>
      [ipvsCommand.newService, ipvsCommand.newDestination].some((command) => command === commandOf(message))
        ? refusal(errno.EEXIST)
        : success,
    );
    expect(await driver.apply(addBoth)).toEqual([]);
    expect(transport.exchanges[1]?.map(commandOf)).toEqual([ipvsCommand.setService, ipvsCommand.setDestination]);
  });

  it('reports the refusal of such a set at the place of the add', async () => {
    const { driver } = driverOn((message) =>
      refusal(commandOf(message) === ipvsCommand.newDestination ? errno.EEXIST : errno.ERANGE),
    );
    const failures = await driver.apply([{ kind: 'deleteVirtualServer', virtualServer: web }, ...addBoth.slice(1)]);
    expect(failures.map(({ index, error }) => [index, error.errnoName, error.operation])).toEqual([
      [0, 'ERANGE', 'delete virtual server TCP/10.96.0.1:80'],
      [1, 'ERANGE', 'set real server 10.244.1.2:8080 (weight 1) of virtual server TCP/10.96.0.1:80'],
    ]);
  });

  it('looks up the family once', async () => {
    const { driver, lookUps } = driverOn(() => success);
    await driver.apply(addBoth);
    await driver.apply(addBoth);
    expect(lookUps()).toBe(1);
  });
});

describe('a module that was reloaded', () => {
  const stale: FakeKernel = (message) => (typeOf(message) === 28 ? refusal(errno.ENOENT) : success);

  it('is noticed by apply, which sends again with the new number', async () => {
    const { driver, transport, lookUps } = driverOn(stale, [28, 29]);
    expect(await driver.apply(addBoth)).toEqual([]);
    expect(transport.exchanges.map((batch) => batch.map(typeOf))).toEqual([
      [28, 28],
      [29, 29],
    ]);
    expect(lookUps()).toBe(2);
  });

  it('does not make deletions look done', async () => {
    const { driver, transport } = driverOn(stale, [28, 29]);
    expect(await driver.apply([{ kind: 'deleteVirtualServer', virtualServer: web }])).toEqual([]);
    expect(transport.exchanges).toHaveLength(2);
  });

  it('is noticed by list', async () => {
    const { driver, transport } = driverOn(stale, [28, 29]);
    expect(await driver.list()).toEqual([]);
    expect(transport.requests.map((batch) => batch.map(typeOf))).toEqual([[28], [29]]);
  });

  it('is ruled out when the number is the same: the scheduler is missing', async () => {
    const { driver, transport } = driverOn(() => refusal(errno.ENOENT));
    const failures = await driver.apply(addBoth.slice(0, 1));
    expect(failures[0]?.error.message).toMatch(
      /add virtual server TCP\/10.96.0.1:80 \(rr\): ENOENT: .*modprobe ip_vs_rr/,
    );
    expect(transport.exchanges).toHaveLength(1);
  });

  it('makes list fail when the number is the same', async () => {
    const { driver } = driverOn(() => refusal(errno.ENOENT));
    await expect(driver.list()).rejects.toMatchObject({ errno: errno.ENOENT });
  });
});

describe('settings', () => {
  it('reads time-outs', async () => {
    const [before, after] = recording.filter(({ command }) => command === 'ipvsadm -Ln --timeout');
    const read = (recorded = before) => driverOn(replayKernel(recorded ?? fail())).driver.timeouts();
    expect(await read()).toEqual({ tcpSeconds: 900, tcpFinSeconds: 120, udpSeconds: 300 });
    expect(await read(after)).toEqual({ tcpSeconds: 100, tcpFinSeconds: 20, udpSeconds: 30 });
  });

  it('sets time-outs, and names them when the kernel refuses', async () => {
    const timeouts = { tcpSeconds: 100, tcpFinSeconds: 20, udpSeconds: 30 };
    await driverOn(replayKernel(recordedCommand(recording, 'ipvsadm --set 100 20 30'))).driver.setTimeouts(timeouts);
    await expect(driverOn(() => refusal(errno.EINVAL)).driver.setTimeouts(timeouts)).rejects.toThrow(
      /100, 20 and 30 seconds: EINVAL/,
    );
  });

  it('reads the version', async () => {
    const reply = Buffer.from('240000001c00000018a9016be202000d0e01000008000100010201000800020000100000', 'hex');
    expect(await driverOn(() => new Uint8Array(reply)).driver.info()).toEqual({
      version: '1.2.1',
      connectionTableSize: 4096,
    });
  });

  it('fails without a reply', async () => {
    await expect(driverOn(() => success).driver.timeouts()).rejects.toThrow(/no reply/);
  });

  it('flushes and resets', async () => {
    const { driver, transport } = driverOn(() => success);
    await driver.flush();
    await driver.zeroCounters();
    await driver.zeroCounters(web);
    expect(transport.exchanges.map((batch) => batch.map(commandOf))).toEqual([
      [ipvsCommand.flush],
      [ipvsCommand.zero],
      [ipvsCommand.zero],
    ]);
  });
});

const addBoth: readonly IpvsOperation[] = [
  { kind: 'addVirtualServer', virtualServer: web },
  { kind: 'addRealServer', virtualServer: web, realServer: backend },
];

function driverOn(kernel: FakeKernel, families: readonly number[] = [28]) {
  const transport = createFakeTransport(kernel);
  let lookUps = 0;
  const resolveFamily = async () => families[Math.min(lookUps++, families.length - 1)] as number;
  return { driver: createIpvsDriver({ transport, resolveFamily }), transport, lookUps: () => lookUps };
}

/** Answers a request for real servers with one that has the address of the virtual server. */
function echoDestination(message: Uint8Array): Uint8Array {
  const recorded = recordedCommand(recording, 'ipvsadm -a -t 10.96.0.1:80 -r 10.244.1.2:8080 -m').sent[0] ?? fail();
  const reply = recorded.slice();
  const addressInRequest = 16 + 4 + 4 + 8 + 8 + 4;
  const addressInDestination = reply.length - 0x60 + 4 + 8 + 4;
  reply.set(message.subarray(addressInRequest, addressInRequest + 4), addressInDestination);
  return reply;
}

function withoutTraffic<T>(server: T) {
  const none = { activeConnections: 0, inactiveConnections: 0, persistentConnections: 0, counters: noTraffic };
  return { ...server, ...none };
}

function commandOf(message: Uint8Array): number {
  return message[16] ?? -1;
}

function typeOf(message: Uint8Array): number {
  return new DataView(message.buffer, message.byteOffset).getUint16(4, true);
}

function fail(): never {
  throw new Error('not recorded');
}
