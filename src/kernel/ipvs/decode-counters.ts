import type { TrafficCounters } from '../../model/real-server.ts';
import type { AttributeReader } from '../../netlink/message-reader.ts';
import { MalformedMessageError } from '../../netlink/message-reader.ts';
import { statisticsAttribute } from './attributes.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const fieldNames = new Map(
  Object.entries(statisticsAttribute).map(([name, number]) => [number as number, name as keyof TrafficCounters]),
);

/**
 * Counters from the statistics of a reply. The 64-bit nest (kernels since 4.1) is preferred, the older one stands in;
 * without either all counters are 0. What has seen no traffic shares them: in a large table that is most of it. A counter
 * may be 4 or 8 bytes wide. Throws `MalformedMessageError` otherwise.
 */
export function decodeCounters(
  statistics: AttributeReader | undefined,
  statistics64: AttributeReader | undefined,
): TrafficCounters {
  let counters: Mutable<TrafficCounters> | undefined;
  const nest = statistics64 ?? statistics;
  while (nest?.next()) {
    const name = fieldNames.get(nest.type);
    const value = name === undefined ? 0n : readCounter(nest);
    if (name === undefined || value === 0n) continue;
    counters ??= { ...noTraffic };
    counters[name] = value;
  }
  return counters ?? noTraffic;
}

/** Counters of something that has seen no traffic. */
export const noTraffic: TrafficCounters = Object.freeze({
  connections: 0n,
  incomingPackets: 0n,
  outgoingPackets: 0n,
  incomingBytes: 0n,
  outgoingBytes: 0n,
  connectionRate: 0n,
  incomingPacketRate: 0n,
  outgoingPacketRate: 0n,
  incomingByteRate: 0n,
  outgoingByteRate: 0n,
});

function readCounter(attribute: AttributeReader): bigint {
  if (attribute.length === 8) return attribute.u64();
  if (attribute.length === 4) return BigInt(attribute.u32());
  throw new MalformedMessageError(`IPVS: counter ${attribute.type} of ${attribute.length} bytes`);
}
