import type { TrafficCounters } from '../../model/real-server.ts';
import type { ShownVirtualServer } from './service-view.ts';

/** Per second. */
export interface TrafficRates {
  readonly connections: number;
  readonly packets: number;
  readonly incomingBytes: number;
  readonly outgoingBytes: number;
}

/** A virtual server with what went through it since the picture before. */
export interface RatedVirtualServer {
  readonly shown: ShownVirtualServer;
  readonly rates: TrafficRates;
  /** Connections per second in the last pictures, the oldest first. */
  readonly history: readonly number[];
}

const noRates: TrafficRates = { connections: 0, packets: 0, incomingBytes: 0, outgoingBytes: 0 };

/** Pictures that a history goes back. */
export const historyLength = 16;

interface Known {
  readonly counters: TrafficCounters;
  readonly history: readonly number[];
}

/** Rates from one picture to the next. Remembers counters of what was in the last picture, and nothing else. */
export class TrafficMeter {
  #known: ReadonlyMap<string, Known> = new Map();
  #takenMs: number | undefined;

  /** What is seen for the first time has no traffic; nor has what was made anew meanwhile. */
  take(view: readonly ShownVirtualServer[], nowMs: number): readonly RatedVirtualServer[] {
    const seconds = this.#takenMs === undefined ? 0 : (nowMs - this.#takenMs) / 1000;
    const next = new Map<string, Known>();
    const rated = view.map((shown): RatedVirtualServer => {
      const before = this.#known.get(shown.key);
      const rates =
        before === undefined || seconds <= 0 ? noRates : ratesBetween(before.counters, shown.counters, seconds);
      const history = before === undefined ? [] : [...before.history, rates.connections].slice(-historyLength);
      next.set(shown.key, { counters: shown.counters, history });
      return { shown, rates, history };
    });
    this.#known = next;
    this.#takenMs = nowMs;
    return rated;
  }
}

function ratesBetween(before: TrafficCounters, after: TrafficCounters, seconds: number): TrafficRates {
  const rate = (one: bigint, other: bigint) => (other >= one ? Number(other - one) / seconds : 0);
  return {
    connections: rate(before.connections, after.connections),
    packets: rate(before.incomingPackets, after.incomingPackets) + rate(before.outgoingPackets, after.outgoingPackets),
    incomingBytes: rate(before.incomingBytes, after.incomingBytes),
    outgoingBytes: rate(before.outgoingBytes, after.outgoingBytes),
  };
}

export function totalRates(rated: readonly RatedVirtualServer[]): TrafficRates {
  const sum = { ...noRates };
  for (const { rates } of rated) {
    sum.connections += rates.connections;
    sum.packets += rates.packets;
    sum.incomingBytes += rates.incomingBytes;
    sum.outgoingBytes += rates.outgoingBytes;
  }
  return sum;
}
