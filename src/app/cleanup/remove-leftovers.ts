import type { Clock } from '../../model/clock.ts';
import type { Log } from '../../observe/log.ts';

/** One place where another mode of kube-proxy may have left something. */
export interface LeftoverPlace {
  /** As in the log, e.g. `iptables rules of IPv4 (nft)`. */
  readonly name: string;
  /** Removes what is there; its names, none where there is nothing. */
  readonly remove: () => Promise<readonly string[]>;
}

export interface LeftoversOptions {
  readonly places: () => Promise<readonly LeftoverPlace[]>;
  readonly clock: Clock;
  readonly log: Log;
}

/** What the first round has put in place gets so long before anything old is taken away. */
const waitMs = 2_000;
const retryMs = 60_000;
const mostAttempts = 10;

/**
 * Call the result after every good round: some seconds after the first one, what other modes of kube-proxy have left
 * behind is removed, place by place. Not before, so that the node is served by either all the time. A place that fails
 * is told once and tried again every minute, ten times in all.
 */
export function leftoverRemover({ places, clock, log }: LeftoversOptions): () => void {
  let isScheduled = false;
  const attempt = async (left: readonly LeftoverPlace[], attempts: number): Promise<void> => {
    const failed: LeftoverPlace[] = [];
    for (const place of left) if (!(await removeFrom(place, log, attempts === 1))) failed.push(place);
    if (failed.length === 0 || attempts === mostAttempts) return;
    clock.schedule(retryMs, () => void attempt(failed, attempts + 1));
  };
  return () => {
    if (isScheduled) return;
    isScheduled = true;
    clock.schedule(waitMs, () => {
      places()
        .then((all) => attempt(all, 1))
        .catch((error: unknown) => log.error('Cannot look for what another mode of kube-proxy has left', error));
    });
  };
}

/** Whether nothing is left there. */
async function removeFrom({ name, remove }: LeftoverPlace, log: Log, isFirst: boolean): Promise<boolean> {
  try {
    const removed = await remove();
    if (removed.length === 0) return true;
    const names = removed.slice(0, 10).join(', ');
    log.info('Removed what another mode of kube-proxy had left', { place: name, count: removed.length, names });
    return true;
  } catch (error) {
    const fields = { place: name, afterMs: retryMs };
    if (isFirst) log.error('Cannot remove what another mode of kube-proxy has left, trying again', error, fields);
    return false;
  }
}
