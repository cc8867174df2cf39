import type { TrafficCounters } from '../../model/real-server.ts';

/** The five counters of one kind, each a blank wider than its number needs to be: nine characters or more. */
export function countersText(counters: TrafficCounters, kind: 'stats' | 'rate', exact: boolean): string {
  const text = exact ? exactText : roundedText;
  return columns[kind].map((name) => text(counters[name])).join('');
}

const columns = {
  stats: ['connections', 'incomingPackets', 'outgoingPackets', 'incomingBytes', 'outgoingBytes'],
  rate: ['connectionRate', 'incomingPacketRate', 'outgoingPacketRate', 'incomingByteRate', 'outgoingByteRate'],
} as const;

function exactText(count: bigint): string {
  return ` ${count.toString().padStart(8)}`;
}

/** Cut off, not rounded. Up to 8 digits as it is, then in thousands, millions, and so on. */
function roundedText(count: bigint): string {
  const scale = scales.find(({ below }) => count < below) ?? largestScale;
  return `${(count / scale.divisor).toString().padStart(8)}${scale.unit}`.padStart(9);
}

const largestScale = { below: 0n, divisor: 1_000_000_000_000n, unit: 'T' } as const;

/** As ipvsadm 1.31 changes over. */
const scales = [
  { below: 100_000_000n, divisor: 1n, unit: '' },
  { below: 1_000_000_000n, divisor: 1_000n, unit: 'K' },
  { below: 100_000_000_000n, divisor: 1_000_000n, unit: 'M' },
  { below: 100_000_000_000_000n, divisor: 1_000_000_000n, unit: 'G' },
] as const;
