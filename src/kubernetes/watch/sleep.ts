import type { Clock } from '../../model/clock.ts';

/** Resolves after `delayMs`; rejects with the signal's reason when that is aborted first. */
export function sleep(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason as Error); // an AbortSignal's reason is an Error unless someone chose otherwise
      return;
    }
    const cancel = clock.schedule(delayMs, () => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    });
    function onAbort(): void {
      cancel();
      reject(signal.reason as Error); // as above
    }
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
