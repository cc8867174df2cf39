import { expect, it } from '@jest/globals';
import { listNumeric, type NumericListing } from '../../../../src/cli/ipvs-status/list-numeric.ts';
import type { RealServerLines } from '../../../../src/cli/ipvs-status/status-world.ts';
import { markedVirtualServer, virtualServer } from '../../../support/ipvs-builders.ts';
import { listed, observed } from './fake-status-world.ts';

const columns = 'Masq    1      0          0         \n';

/** Lines of real servers of weight 1 whose addresses are these numbers. */
function linesOf(addresses: readonly number[]): RealServerLines {
  return {
    endpoints: addresses.map((address) => address * 65_536 + 8080),
    columns: addresses.map(() => Buffer.from(columns)),
  };
}

function print(listing: Partial<NumericListing>): string {
  let output = '';
  const table = { realServersOf: () => [], linesOf: () => undefined };
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
  const table = { realServersOf: () => [], linesOf: () => linesOf([0x0af40102, 0x0af40101]) };
  const first = '  -> 10.244.1.1:8080              Masq    1      0          0         \n';
  const second = '  -> 10.244.1.2:8080              Masq    1      0          0         \n';
  expect(print({ table })).toBe(`TCP  10.96.0.1:80 rr\n${first}${second}`);
  expect(print({ table, sorted: false })).toBe(`TCP  10.96.0.1:80 rr\n${second}${first}`);
});

it('makes lines of what is not taken: IPv6, far apart addresses, firewall marks', () => {
  const realServers = [observed('10.0.0.1:8080'), observed('200.0.0.1:8080')];
  const far = { realServersOf: () => realServers, linesOf: () => linesOf([0x0a000001, 0xc8000001]) };
  expect(print({ table: far })).toMatch(/-> 200\.0\.0\.1:8080 .*\n.*-> 10\.0\.0\.1:8080 /);
  const six = { realServersOf: () => [observed('[fd00::1]:8080')], linesOf: () => undefined };
  expect(print({ table: six })).toContain('  -> [fd00::1]:8080               Masq    1      0          0         \n');
  const mark = markedVirtualServer(7, 'IPv4');
  const marked = new Map([[mark.key, [observed('10.0.0.9:80')]]]);
  expect(print({ virtualServers: [listed(mark)], marked })).toBe(
    'FWM  7 rr\n  -> 10.0.0.9:80                  Masq    1      0          0         \n',
  );
});
