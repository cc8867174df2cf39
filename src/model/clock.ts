/** Time, handed in so that tests can own it. */
export interface Clock {
  /** Wall-clock time in milliseconds since 1970. */
  nowMs(): number;
  /** Monotonic time in milliseconds, for durations and deadlines. */
  monotonicMs(): number;
  /** Runs `callback` once after `delayMs`; the returned function cancels it. Does not keep the process alive. */
  schedule(delayMs: number, callback: () => void): () => void;
}
