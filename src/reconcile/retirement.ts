import type { ObservedRealServer, RealServerKey } from '../model/real-server.ts';
import type { Protocol } from '../model/service-key.ts';

/** How long real servers may drain. */
export interface DrainLimits {
  /** Counts from the moment the endpoint is in no slice any more; 0 for no limit. */
  readonly drainDeadlineMs: number;
  /** For UDP, which has no end of a connection to wait for. */
  readonly drainUdpGraceMs: number;
}

/** What is known of a draining real server besides the kernel's counters. Times are monotonic milliseconds. */
export interface Retiree {
  readonly key: RealServerKey;
  /** When it was first seen draining. */
  readonly sinceMs: number;
  /** Since when its endpoint is in no slice; undefined while it is still listed. */
  readonly goneSinceMs: number | undefined;
}

/**
 * Whether a draining real server may be removed now. TCP and SCTP: when no connection is left, or at the deadline once
 * its endpoint is gone. UDP: after the grace time. Pure.
 */
export function mayBeRemoved(
  protocol: Protocol,
  retiree: Retiree,
  seen: Pick<ObservedRealServer, 'activeConnections' | 'inactiveConnections'>,
  limits: DrainLimits,
  nowMs: number,
): boolean {
  if (seen.activeConnections + seen.inactiveConnections === 0) return true;
  if (protocol === 'UDP') return nowMs - retiree.sinceMs >= limits.drainUdpGraceMs;
  if (retiree.goneSinceMs === undefined || limits.drainDeadlineMs === 0) return false;
  return nowMs - retiree.goneSinceMs >= limits.drainDeadlineMs;
}

/** How long to wait before looking at a draining virtual server again: as long as it has drained, 1 to 10 s. */
export function nextLookMs(sinceMs: number, nowMs: number): number {
  return Math.min(10_000, Math.max(1_000, nowMs - sinceMs));
}
