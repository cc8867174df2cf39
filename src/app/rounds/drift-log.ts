import type { Clock } from '../../model/clock.ts';
import type { Log } from '../../observe/log.ts';
import type { ObjectKind } from '../../reconcile/observer.ts';

/** What somebody changes again and again is told once in so long. */
export const tellAgainMs = 600_000;

interface Told {
  readonly atMs: number;
  /** Repairs since then that no line has told of. */
  untold: number;
}

/**
 * Tells that somebody else changed the kernel and that it is being repaired: at once for each kind of object or named
 * setting, and what follows within ten minutes in one line with the next. The metric counts every one of them.
 */
export class DriftLog {
  readonly #log: Log;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #told = new Map<string, Told>();

  constructor(options: { readonly log: Log; readonly clock: Pick<Clock, 'monotonicMs'> }) {
    this.#log = options.log;
    this.#clock = options.clock;
  }

  /** `object` names what was changed, where one thing of its kind differs from the other. */
  note(kind: ObjectKind, count: number, object = ''): void {
    const name = `${kind} ${object}`;
    const nowMs = this.#clock.monotonicMs();
    const told = this.#told.get(name);
    if (told !== undefined && nowMs - told.atMs < tellAgainMs) {
      told.untold += count;
      return;
    }
    this.#told.set(name, { atMs: nowMs, untold: 0 });
    this.#log.warning('Found changes made by somebody else, repairing them', {
      kind,
      count,
      ...(object !== '' && { object }),
      ...(told !== undefined && told.untold > 0 && { repairedSinceLastTold: told.untold }),
    });
  }
}
