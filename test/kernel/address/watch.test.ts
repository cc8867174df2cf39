import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { DummyAddressDriver } from '../../../src/kernel/address/driver.ts';
import { createAddressDriver } from '../../../src/kernel/address/driver.ts';
import type { WatchedAddressEvent } from '../../../src/kernel/address/watch.ts';
import { watchAddresses } from '../../../src/kernel/address/watch.ts';
import type { IpAddress } from '../../../src/model/ip.ts';
import { loadNetlinkAddon } from '../../../src/native/addon.ts';
import { openAddonTransport } from '../../../src/netlink/connection.ts';
import { netlinkProtocol } from '../../../src/netlink/constants.ts';
import { openRouteMonitor } from '../../../src/netlink/monitor.ts';
import type { Monitor, Transport } from '../../../src/netlink/transport.ts';
import { ipBatch } from './ip-tool.ts';

const addon = loadNetlinkAddon();

describe('watchAddresses', () => {
  let transport: Transport;
  let driver: DummyAddressDriver;
  let monitor: Monitor;
  let events: WatchedAddressEvent[];
  let overflows: number;

  beforeEach(async () => {
    transport = openAddonTransport({ addon, protocol: netlinkProtocol.route });
    driver = createAddressDriver({ transport });
    await driver.ensureInterface();
    await driver.list();
  });

  afterEach(async () => {
    monitor.close();
    transport.close();
    await ipBatch('link del kube-ipvs0', 'link del test-dummy');
  });

  function watch(receiveBufferBytes?: number): void {
    events = [];
    overflows = 0;
    monitor = watchAddresses({
      openMonitor: (listener) =>
        openRouteMonitor({ addon, ...listener, ...(receiveBufferBytes && { receiveBufferBytes }) }),
      ownInterfaceIndex: () => driver.interfaceIndex,
      onChange: (event) => events.push(event),
      onOverflow: () => overflows++,
      onFailure: (error) => {
        throw error;
      },
    });
  }

  /** Waits until the condition holds; the time-out of the test ends it otherwise. */
  async function until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
  }

  it('sees changes of other interfaces, and tells those of the dummy interface from them', async () => {
    watch();
    await ipBatch(
      'link add test-dummy type dummy',
      'addr add 198.51.100.1/32 dev test-dummy',
      'addr add 2001:db8::1/128 dev test-dummy nodad',
      'addr del 198.51.100.1/32 dev test-dummy',
    );
    await until(() => events.some((event) => event.kind === 'addressRemoved'));
    const others = events.filter((event) => event.kind !== 'linkChanged');
    const seen = new Set(others.map(({ kind, family, isOwnInterface }) => `${kind} ${family} ${isOwnInterface}`));
    expect(seen).toEqual(new Set(['addressAdded IPv4 false', 'addressAdded IPv6 false', 'addressRemoved IPv4 false']));
    expect(events.some((event) => event.kind === 'linkChanged' && !event.isOwnInterface)).toBe(true);
    events = [];
    await driver.apply([{ kind: 'bindAddress', address: '10.96.0.1' as IpAddress }]);
    await until(() => events.length > 0);
    const interfaceIndex = driver.interfaceIndex;
    expect(events).toEqual([{ kind: 'addressAdded', family: 'IPv4', interfaceIndex, isOwnInterface: true }]);
  });

  it('sees the dummy interface go', async () => {
    watch();
    await ipBatch('link add test-dummy type dummy', 'link del kube-ipvs0', 'link add kube-ipvs0 type dummy');
    await until(() => events.some((event) => event.kind === 'linkRemoved'));
    expect(events.find((event) => event.kind === 'linkRemoved')?.isOwnInterface).toBe(true);
  });

  it('says when changes were lost', async () => {
    await ipBatch('link add test-dummy type dummy');
    watch(4096);
    const operations = Array.from({ length: 100 }, (_, n) => ({
      kind: 'bindAddress' as const,
      address: `10.98.0.${n}` as IpAddress,
    }));
    await driver.apply(operations);
    await until(() => overflows > 0);
    expect(overflows).toBeGreaterThan(0);
  });
});
