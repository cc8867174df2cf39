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

/**
 * The kernel adds up what its processors have counted every two seconds: over less than that there is nothing, or the
 * traffic of two seconds. Source: linux/net/netfilter/ipvs/ip_vs_est.c, read at 6.1.
 */
const windowMs = 2_000;
/** Pictures come a little earlier or later than they should. */
const slackMs = 200;

interface Taken {
  readonly atMs: number;
  readonly counters: ReadonlyMap<string, TrafficCounters>;
}

/** Rates over the last two seconds or a little more. Remembers counters of the pictures since then, and nothing else. */
export class TrafficMeter {
  #taken: readonly Taken[] = [];
  #histories: ReadonlyMap<string, readonly number[]> = new Map();

  /** What is seen for the first time has no traffic; nor has what was made anew meanwhile. */
  take(view: readonly ShownVirtualServer[], nowMs: number): readonly RatedVirtualServer[] {
    const old = this.#taken.filter(({ atMs }) => nowMs - atMs >= windowMs - slackMs);
    const base = old.at(-1) ?? this.#taken[0];
    const histories = new Map<string, readonly number[]>();
    const rated = view.map((shown): RatedVirtualServer => {
      const before = base?.counters.get(shown.key);
      const seconds = base === undefined ? 0 : (nowMs - base.atMs) / 1000;
      const rates = before === undefined || seconds <= 0 ? noRates : ratesBetween(before, shown.counters, seconds);
      const earlier = this.#histories.get(shown.key);
      const history = earlier === undefined ? [] : [...earlier, rates.connections].slice(-historyLength);
      histories.set(shown.key, history);
      return { shown, rates, history };
    });
    const counters = new Map(view.map((shown) => [shown.key, shown.counters]));
    this.#taken = [
      ...this.#taken.filter(({ atMs }) => base === undefined || atMs >= base.atMs),
      { atMs: nowMs, counters },
    ];
    this.#histories = histories;
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
