import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Clock } from '../model/clock.ts';

/** Collects what can be collected and gives it back to the system. */
type Collect = (options: { type: 'major'; flavor: 'last-resort'; execution: 'async' }) => Promise<void>;

/**
 * After the first round there is mostly nothing to do for a while: changes of a start-up arrive, and what others have
 * left is looked for, within seconds.
 */
const quietMs = 8_000;

/** From then on the heap grows by so much at most before it is collected again, in percent. */
const growthPercent = 20;

/**
 * Reading and programming a whole cluster takes far more memory than keeping it. Call the result after every round: some
 * seconds after the first one the heap is collected once, thoroughly, and kept tight from then on. That holds up the
 * event loop once, for some tens of milliseconds. `collect` is for tests.
 */
export function memorySettler(clock: Clock, collect: Collect = collector()): () => void {
  let isScheduled = false;
  return () => {
    if (isScheduled) return;
    isScheduled = true;
    clock.schedule(quietMs, () => {
      setFlagsFromString(`--heap-growing-percent=${growthPercent}`);
      void collect({ type: 'major', flavor: 'last-resort', execution: 'async' });
    });
  };
}

/** V8's own function, which programs do not see unless they ask for it before they make a context. */
function collector(): Collect {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as Collect; // V8: src/extensions/gc-extension.cc
}
