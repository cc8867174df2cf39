import type { TrackedFlow } from '../../../src/kernel/drivers.ts';
import { describe, expect, it } from '@jest/globals';
import type { TrafficBook } from '../../../src/app/traffic-book.ts';
import { measuredDrivers } from '../../../src/app/measured-drivers.ts';
import { ip } from '../../support/builders.ts';
import { FakeKernel } from '../../support/fake-kernel.ts';
import { ManualClock } from '../../support/manual-clock.ts';

function setup() {
  const kernel = new FakeKernel();
  const clock = new ManualClock();
  const seen: string[] = [];
  const metrics = {
    proxier: { batchFinished: (driver: string, size: number) => seen.push(`${driver} ${size}`) },
    conntrack: {
      reconciled: (family: string, seconds: number, deleted: number) => seen.push(`${family} ${seconds} ${deleted}`),
    },
  };
  const traffic: Pick<TrafficBook, 'readAlong'> = {
    readAlong: async (visitor, scan) => {
      seen.push('traffic');
      await scan(visitor);
    },
  };
  const { drivers, roundEnded } = measuredDrivers(kernel.drivers, metrics as never, clock, traffic); // only these two
  return { kernel, clock, seen, drivers, roundEnded };
}

const flow: TrackedFlow = {
  protocol: 'UDP',
  originalSource: ip('10.0.0.1'),
  originalSourcePort: 1,
  originalDestination: ip('10.96.0.10'),
  originalDestinationPort: 53,
  replySource: ip('10.244.1.5'),
  replySourcePort: 53,
};

describe('measuredDrivers', () => {
  it('read traffic along with a scan', async () => {
    const { seen, drivers } = setup();
    await drivers.ipvs.scan({ virtualServer() {}, realServers() {} });
    expect(seen).toEqual(['traffic']);
  });

  it('apply as the drivers do, and tell the size of what was applied', async () => {
    const { kernel, seen, drivers } = setup();
    kernel.failWhen = (operation) => operation.includes('10.0.0.2');
    const failures = await drivers.address.apply([
      { kind: 'bindAddress', address: ip('10.0.0.1') },
      { kind: 'bindAddress', address: ip('10.0.0.2') },
    ]);
    expect(failures.map(({ index }) => index)).toEqual([1]);
    await drivers.ipvs.apply([]);
    expect([seen, await drivers.address.list()]).toEqual([['address 2'], ['10.0.0.1']]);
  });

  it('measure a removal of flows from the listing to the deletion', async () => {
    const { kernel, clock, seen, drivers } = setup();
    kernel.flows = [flow];
    const flows = await drivers.conntrack.listUdpFlows('IPv4');
    await clock.advance(2_000);
    expect(await drivers.conntrack.deleteFlows(flows)).toBe(1);
    expect(seen).toEqual(['IPv4 2 1']);
  });

  it('measure a listing after which nothing is deleted', async () => {
    const { seen, drivers, roundEnded } = setup();
    await drivers.conntrack.listUdpFlows('IPv4');
    await drivers.conntrack.listUdpFlows('IPv6');
    roundEnded();
    roundEnded();
    expect(seen).toEqual(['IPv4 0 0', 'IPv6 0 0']);
  });
});
