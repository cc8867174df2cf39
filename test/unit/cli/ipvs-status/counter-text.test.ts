import { expect, it } from '@jest/globals';
import { countersText } from '../../../../src/cli/ipvs-status/counter-text.ts';
import { noTraffic } from '../../../../src/kernel/ipvs/decode-counters.ts';

/** As ipvsadm 1.31 printed these numbers. */
const printed: readonly (readonly [bigint, rounded: string, exact: string])[] = [
  [0n, '        0', '        0'],
  [99_999_999n, ' 99999999', ' 99999999'],
  [100_000_000n, '  100000K', ' 100000000'],
  [100_000_999n, '  100000K', ' 100000999'],
  [999_999_999n, '  999999K', ' 999999999'],
  [9_999_999_999n, '    9999M', ' 9999999999'],
  [99_999_999_999n, '   99999M', ' 99999999999'],
  [100_000_000_000n, '     100G', ' 100000000000'],
  [99_999_999_999_999n, '   99999G', ' 99999999999999'],
  [100_000_000_000_000n, '     100T', ' 100000000000000'],
  [999_999_999_999_999_999n, '  999999T', ' 999999999999999999'],
  [18_446_744_073_709_551_615n, '18446744T', ' 18446744073709551615'],
];

it.each(printed)('%s', (count, rounded, exact) => {
  const counters = { ...noTraffic, connections: count, outgoingByteRate: count };
  const zeros = '        0'.repeat(4);
  expect(countersText(counters, 'stats', false)).toBe(rounded + zeros);
  expect(countersText(counters, 'stats', true)).toBe(exact + zeros);
  expect(countersText(counters, 'rate', false)).toBe(zeros + rounded);
  expect(countersText(counters, 'rate', true)).toBe(zeros + exact);
});
