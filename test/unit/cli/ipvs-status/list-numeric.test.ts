import { expect, it } from '@jest/globals';
import { listNumeric, type NumericListing } from '../../../../src/cli/ipvs-status/list-numeric.ts';
import type { ListedTable } from '../../../../src/cli/ipvs-status/status-world.ts';
import type { ListedRealServer } from '../../../../src/kernel/drivers.ts';
import { markedVirtualServer, virtualServer } from '../../../support/ipvs-builders.ts';
import { listed, observed } from './fake-status-world.ts';

const columns = 'Masq    1      0          0         \n';

/** A table with real servers of weight 1 whose addresses are these numbers. */
function tableOf(addresses: readonly number[], realServers: readonly ListedRealServer[] = []): ListedTable {
  return {
    realServersOf: () => realServers,
    rangeOf: () => ({ start: 0, end: addresses.length }),
    endpointAt: (index) => ((addresses[index] ?? 0) < 0 ? -1 : (addresses[index] ?? 0) * 65_536 + 8080),
    columnsAt: () => Buffer.from(columns),
  };
}

function print(listing: Partial<NumericListing>): string {
  let output = '';
  const table = tableOf([]);
  listNumeric(
    {
      virtualServers: [listed(virtualServer('TCP', '10.96.0.1:80'))],
      table,
      marked: new Map(),
      sorted: true,
      ...listing,
    },
    (bytes) => (output += Buffer.from(bytes).toString('latin1')),
  );
  return output;
}

it('takes lines as they are, in order or as the kernel has them', () => {
  const table = tableOf([0x0af40102, 0x0af40101]);
  const first = '  -> 10.244.1.1:8080              Masq    1      0          0         \n';
  const second = '  -> 10.244.1.2:8080              Masq    1      0          0         \n';
  expect(print({ table })).toBe(`TCP  10.96.0.1:80 rr\n${first}${second}`);
  expect(print({ table, sorted: false })).toBe(`TCP  10.96.0.1:80 rr\n${second}${first}`);
});

it('makes lines of what is not taken: IPv6, far apart addresses, firewall marks', () => {
  const realServers = [observed('10.0.0.1:8080'), observed('200.0.0.1:8080')];
  const far = tableOf([0x0a000001, 0xc8000001], realServers);
  expect(print({ table: far })).toMatch(/-> 200\.0\.0\.1:8080 .*\n.*-> 10\.0\.0\.1:8080 /);
  const six = tableOf([-1], [observed('[fd00::1]:8080')]);
  expect(print({ table: six })).toContain('  -> [fd00::1]:8080               Masq    1      0          0         \n');
  const mark = markedVirtualServer(7, 'IPv4');
  const marked = new Map([[mark.key, [observed('10.0.0.9:80')]]]);
  expect(print({ virtualServers: [listed(mark)], marked })).toBe(
    'FWM  7 rr\n  -> 10.0.0.9:80                  Masq    1      0          0         \n',
  );
});

it('orders any number of real servers', () => {
  for (const count of [0, 1, 2, 63, 64, 65, 300]) {
    const addresses = Array.from({ length: count }, (_, index) => 0x0a000000 + ((index * 7919) % 4096));
    const lines = print({ table: tableOf(addresses) })
      .split('\n')
      .slice(1, -1);
    const shown = lines.map((line) => line.slice(5).split(':')[0]);
    const expected = addresses
      .toSorted((a, b) => a - b)
      .map((address) => `10.0.${(address >> 8) & 255}.${address & 255}`);
    expect(shown).toEqual(expected);
  }
});
