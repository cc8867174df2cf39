import type { ServerResponse } from 'node:http';
import type { Clock } from '../../model/clock.ts';

/** How long lines are made in one go: nothing else happens in the daemon meanwhile. */
const sliceMs = 2;
/** Text that is handed over together. */
const pieceLength = 32 * 1024;

/**
 * Sends each value as a line of JSON. The event loop gets its turn every 2 ms, and nothing is made that the client has
 * not taken what was made before: an answer of any size takes some tens of kilobytes. Ends early when the client goes.
 */
export async function sendLines(
  response: ServerResponse,
  values: Iterable<object>,
  clock: Pick<Clock, 'monotonicMs'>,
): Promise<void> {
  let piece = '';
  let turnEndMs = clock.monotonicMs() + sliceMs;
  for (const value of values) {
    piece += `${JSON.stringify(value)}\n`;
    const isLate = clock.monotonicMs() >= turnEndMs;
    if (piece.length < pieceLength && !isLate) continue;
    if (response.destroyed) return;
    const hasRoom = response.write(piece);
    piece = '';
    await (hasRoom ? nextTurn() : roomAgain(response));
    turnEndMs = clock.monotonicMs() + sliceMs;
  }
  response.end(piece);
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Resolves also when the client is gone. */
function roomAgain(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const settle = () => {
      response.off('drain', settle);
      response.off('close', settle);
      resolve();
    };
    response.once('drain', settle);
    response.once('close', settle);
  });
}
