import { hostname } from 'node:os';
import type { EventOutcome } from '../../kubernetes/events/event-writer.ts';
import type { ApiClient } from '../../kubernetes/watch/kube-client.ts';
import type { Clock } from '../../model/clock.ts';
import type { Log } from '../../observe/log.ts';
import { EventWriter } from '../../kubernetes/events/event-writer.ts';
import { ApiError } from '../../kubernetes/watch/errors.ts';

export interface OpenEventsOptions {
  readonly client: Pick<ApiClient, 'sendJson'>;
  readonly nodeName: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Writes Events through the API client. Failures are logged and never reach whoever reports. */
export function openEvents({ client, nodeName, clock, log }: OpenEventsOptions): EventWriter {
  const abort = new AbortController();
  const post = async (path: string, object: object): Promise<EventOutcome> => {
    try {
      await client.sendJson('POST', path, object, abort.signal);
      return 'written';
    } catch (error) {
      return outcomeOf(error, log);
    }
  };
  return new EventWriter({
    post,
    reporter: { nodeName, hostName: hostname() },
    clock,
    random: Math.random,
    onLost: ({ reason, note }, why) => log.warning('An Event could not be written', { reason, note, why }),
  });
}

/** An Event of the same name says the same: another node, or we before a restart, wrote it. */
function outcomeOf(error: unknown, log: Log): EventOutcome {
  if (!(error instanceof ApiError)) {
    log.debug(2, 'An Event waits for the API server', { error: String(error) });
    return 'unreachable';
  }
  if (error.status === 409) return 'written';
  if (error.status === 429 || error.status >= 500) return 'unreachable';
  log.error('The API server does not take an Event', error);
  return 'refused';
}
