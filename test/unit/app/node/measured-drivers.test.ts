import { describe, expect, it } from '@jest/globals';
import type { TrafficBook } from '../../../../src/app/serving/traffic-book.ts';
import { measuredDrivers } from '../../../../src/app/node/measured-drivers.ts';
import { ip } from '../../../support/builders.ts';
import { FakeKernel } from '../../../support/fake-kernel.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

function setup() {
  const kernel = new FakeKernel();
  const clock = new ManualClock();
  const seen: string[] = [];
  const metrics = {
    proxier: { batchFinished: (driver: string, size: number) => seen.push(`${driver} ${size}`) },
  };
  const traffic: Pick<TrafficBook, 'readAlong'> = {
    readAlong: async (visitor, scan) => {
      seen.push('traffic');
      await scan(visitor);
    },
  };
  const drivers = measuredDrivers(kernel.drivers, metrics as never, clock, traffic); // only this one
  return { kernel, seen, drivers };
}

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
});
