import { describe, expect, it } from '@jest/globals';
import { createConntrackDriver } from '../../../../src/kernel/conntrack/driver.ts';
import type { TrackedFlow } from '../../../../src/kernel/drivers.ts';
import { errno } from '../../../../src/netlink/errors.ts';
import type { FakeKernel } from '../../../support/fake-transport.ts';
import { concatenate, createFakeTransport, refusal } from '../../../support/fake-transport.ts';
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
      },
      {
        protocol: 'UDP',
        originalSource: '10.0.0.6',
        originalSourcePort: 3334,
        originalDestination: '10.96.0.10',
        originalDestinationPort: 53,
        replySource: '10.244.1.4',
        replySourcePort: 5353,
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
