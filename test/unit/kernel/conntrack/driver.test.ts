import { describe, expect, it } from '@jest/globals';
import { createConntrackDriver } from '../../../../src/kernel/conntrack/driver.ts';
import type { TrackedFlow } from '../../../../src/kernel/drivers.ts';
import { errno } from '../../../../src/netlink/errors.ts';
import type { FakeKernel } from '../../../support/fake-transport.ts';
import { concatenate, createFakeTransport, refusal } from '../../../support/fake-transport.ts';
import { messageFields } from '../../../support/captured/message-fields.ts';
import { readRecording, recordedCommand } from '../../../support/captured/read-recording.ts';
import { ip } from '../../../support/builders.ts';

const recording = readRecording('conntrack-conntrack-1.4.7.hex');
const answered = (command: string): FakeKernel => {
  const { received } = recordedCommand(recording, command);
  return () => concatenate(received);
};

// Its first request lists the whole IPv4 table.
const deletion = 'conntrack -D -p udp -s 10.0.0.5 -d 10.96.0.10 --sport 3333 --dport 53';

describe('listUdpFlows', () => {
  it('reads the UDP flows of a table with TCP, SCTP and ICMP flows in it', async () => {
    const flows = await driverOn(answered(deletion)).listUdpFlows('IPv4');
    expect([...flows].sort((a, b) => a.originalSourcePort - b.originalSourcePort)).toEqual([
      {
        protocol: 'UDP',
        originalSource: '10.0.0.5',
        originalSourcePort: 3333,
        originalDestination: '10.96.0.10',
        originalDestinationPort: 53,
        replySource: '10.244.1.3',
        replySourcePort: 5353,
        id: expect.any(Number),
      },
      {
        protocol: 'UDP',
        originalSource: '10.0.0.6',
        originalSourcePort: 3334,
        originalDestination: '10.96.0.10',
        originalDestinationPort: 53,
        replySource: '10.244.1.4',
        replySourcePort: 5353,
        id: expect.any(Number),
      },
    ]);
  });

  it('reads IPv6 flows', async () => {
    expect(await driverOn(answered('conntrack -L -f ipv6')).listUdpFlows('IPv6')).toEqual([
      {
        protocol: 'UDP',
        originalSource: 'fd00::5',
        originalSourcePort: 4444,
        originalDestination: 'fd00::10',
        originalDestinationPort: 53,
        replySource: 'fd00:10:244::3',
        replySourcePort: 5353,
        id: expect.any(Number),
      },
    ]);
  });

  it('lets the event loop do something else while it reads a large table', async () => {
    const { received } = recordedCommand(recording, deletion);
    const table = concatenate(Array.from({ length: 1_000 }, () => received).flat());
    let turns = 0;
    let isOver = false;
    const turn = () => {
      turns++;
      if (!isOver) setImmediate(turn);
    };
    const listing = driverOn(() => table).listUdpFlows('IPv4');
    setImmediate(turn);
    expect(await listing).toHaveLength(2_000);
    isOver = true;
    expect(turns).toBeGreaterThanOrEqual(4);
  });

  const target = { address: ip('10.96.0.10'), port: 53, realServer: { address: ip('10.244.1.3'), port: 5353 } };

  it('asks for the flows of the targets only, one listing for each', async () => {
    const transport = createFakeTransport(() => new Uint8Array(0));
    const other = { address: ip('10.96.0.11'), port: 53 };
    expect(await createConntrackDriver({ transport }).listUdpFlows('IPv4', [target, other])).toEqual([]);
    expect(transport.requests.map((batch) => batch.length)).toEqual([1, 1]);
    expect(transport.requests.flat().map(filterFlags)).toEqual([
      ['2a000000', '19000000'],
      ['2a000000', '08000000'],
    ]);
    expect(await createConntrackDriver({ transport }).listUdpFlows('IPv4', [])).toEqual([]);
    expect(transport.requests).toHaveLength(2);
  });

  it.each([
    ['shows flows of other protocols', deletion, 2],
    ['shows other UDP flows', 'conntrack -L -f ipv6', 0],
  ])(
    'picks the flows itself of a kernel that %s instead of filtering, which is remembered',
    async (_, shown, count) => {
      const transport = createFakeTransport(answered(shown));
      const driver = createConntrackDriver({ transport });
      const flows = await driver.listUdpFlows('IPv4', [target, { ...target, port: 54 }]);
      expect(flows.map(({ originalDestination }) => originalDestination)).toEqual(Array(count).fill('10.96.0.10'));
      await driver.listUdpFlows('IPv6', [target]);
      expect(transport.requests.flat().map(filterFlags)).toEqual([['2a000000', '19000000'], [], []]);
    },
  );

  it('picks the flows itself of a kernel that refuses to filter', async () => {
    const kernel: FakeKernel = (message) =>
      filterFlags(message).length > 0 ? refusal(errno.EOPNOTSUPP) : answered(deletion)(message);
    const transport = createFakeTransport(kernel);
    const driver = createConntrackDriver({ transport });
    expect(await driver.listUdpFlows('IPv4', [target])).toHaveLength(2);
    expect(await driver.listUdpFlows('IPv4', [target])).toHaveLength(2);
    expect(transport.requests).toHaveLength(3);
  });

  it('goes on asking a kernel to filter that could not answer', async () => {
    let isLoaded = false;
    const transport = createFakeTransport(() => (isLoaded ? new Uint8Array(0) : refusal(errno.EINVAL)));
    const driver = createConntrackDriver({ transport });
    await expect(driver.listUdpFlows('IPv4', [target])).rejects.toThrow(/modprobe nf_conntrack_netlink/);
    isLoaded = true;
    expect(await driver.listUdpFlows('IPv4', [target])).toEqual([]);
    expect(transport.requests.flat().map((message) => filterFlags(message).length)).toEqual([2, 0, 2]);
  });

  it('names the missing module and the missing capability', async () => {
    await expect(driverOn(() => refusal(errno.EINVAL)).listUdpFlows('IPv4')).rejects.toThrow(
      /^list IPv4 flows: EINVAL: .*modprobe nf_conntrack_netlink/,
    );
    await expect(driverOn(() => refusal(errno.EPERM)).listUdpFlows('IPv6')).rejects.toThrow(/EPERM: .*NET_ADMIN/);
  });

  it('passes on any other refusal', async () => {
    const listing = driverOn(() => refusal(errno.EBUSY)).listUdpFlows('IPv4');
    await expect(listing).rejects.toMatchObject({ code: 'NETLINK_FAILED', errno: errno.EBUSY });
  });
});

describe('deleteFlows', () => {
  const flows = [1001, 1002, 1003].map(flowFrom);

  it('sends nothing for no flows', async () => {
    const transport = createFakeTransport(() => new Uint8Array(0));
    expect(await createConntrackDriver({ transport }).deleteFlows([])).toBe(0);
    expect(transport.exchanges).toHaveLength(0);
  });

  it('deletes in one exchange and counts those that were there', async () => {
    let seen = 0;
    const transport = createFakeTransport(() => (++seen === 2 ? refusal(errno.ENOENT) : new Uint8Array(0)));
    expect(await createConntrackDriver({ transport }).deleteFlows(flows)).toBe(2);
    expect(transport.exchanges.map((batch) => batch.length)).toEqual([3]);
  });

  it('names the flow that the kernel refuses to delete', async () => {
    let seen = 0;
    const kernel = () => (++seen === 1 ? refusal(errno.ENOENT) : refusal(errno.EPERM));
    await expect(driverOn(kernel).deleteFlows(flows)).rejects.toThrow(
      /^delete flow UDP 10.0.0.5:1002 to 10.96.0.10:53: EPERM: .*NET_ADMIN/,
    );
  });
});

function driverOn(kernel: FakeKernel) {
  return createConntrackDriver({ transport: createFakeTransport(kernel) });
}

/** Which fields of the original and of the reply tuple count; none without a filter. */
function filterFlags(message: Uint8Array): string[] {
  const { attributes } = messageFields(message, (path) => ['1', '1.1', '1.2', '2', '2.1', '2.2', '25'].includes(path));
  return [attributes['25.1'], attributes['25.2']].filter((flags) => flags !== undefined);
}

function flowFrom(port: number): TrackedFlow {
  return {
    protocol: 'UDP',
    originalSource: ip('10.0.0.5'),
    originalSourcePort: port,
    originalDestination: ip('10.96.0.10'),
    originalDestinationPort: 53,
    replySource: ip('10.244.1.3'),
    replySourcePort: 5353,
  };
}
