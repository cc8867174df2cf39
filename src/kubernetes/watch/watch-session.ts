import type { Clock } from '../../model/clock.ts';
import { ConnectionError, SilenceError } from './errors.ts';
import type { ApiClient } from './kube-client.ts';
import { readLines } from './line-reader.ts';
import { SilenceTimer } from './silence-timer.ts';
import { TimeSlice } from './time-slice.ts';
import type { WatchEvent } from './watch-event.ts';
import { parseWatchEvent } from './watch-event.ts';
import type { WatchedResource } from './watched-resource.ts';
import { requestPath } from './watched-resource.ts';

const shortestTimeoutSeconds = 300;
const longestTimeoutSeconds = 600;
/** How much later than the server this side ends a watch that the server should have ended. */
const graceMs = 30_000;
const silenceCheckMs = 5_000;

export interface WatchSessionOptions {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly resource: WatchedResource;
  /** Where to start from, and how. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly onOpen: () => void;
  /** What it throws ends the watch. */
  readonly onEvent: (event: WatchEvent) => void;
  /** How long the server may be silent at this stage, in milliseconds; may be infinite. */
  readonly silenceLimitMs: () => number;
}

/**
 * One watch connection, from request to end. Resolves with its duration in milliseconds when the server ends it; rejects
 * with `ApiError`, `ConnectionError` or `ProtocolError`, with what `onEvent` throws, or with the signal's reason.
 */
export async function runWatch(options: WatchSessionOptions): Promise<number> {
  const { clock, resource, signal } = options;
  const span = longestTimeoutSeconds - shortestTimeoutSeconds + 1;
  const timeoutSeconds = shortestTimeoutSeconds + Math.floor(options.random() * span);
  const parameters = {
    watch: 'true',
    allowWatchBookmarks: 'true',
    timeoutSeconds: String(timeoutSeconds),
    ...options.parameters,
  };
  const request = `watch ${resource.name}`;
  const startMs = clock.monotonicMs();
  const stream = await options.client.openStream(requestPath(resource, parameters), {
    signal,
    deadlineMs: timeoutSeconds * 1000 + graceMs,
  });
  options.onOpen();
  const silence = new SilenceTimer({
    clock,
    checkEveryMs: silenceCheckMs,
    limitMs: options.silenceLimitMs,
    onSilence: (ms) => stream.close(new SilenceError(request, `no event for ${Math.round(ms / 1000)} s`)),
  });
  const onLine = (line: string): void => {
    silence.heard();
    options.onEvent(parseWatchEvent(request, line));
  };
  try {
    await readLines({ request, body: stream.body, slice: new TimeSlice(clock), onLine });
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw connectionErrorOf(request, error);
  } finally {
    silence.stop();
    stream.close();
  }
  return clock.monotonicMs() - startMs;
}

/** Errors of the stream itself get the request's name; those of this program pass. */
function connectionErrorOf(request: string, error: unknown): unknown {
  const code = (error as { readonly code?: unknown } | null)?.code;
  const isSystemError = typeof code === 'string' && /^(E[A-Z]|HPE_)/.test(code);
  return isSystemError ? new ConnectionError(request, `the connection was cut (${code})`, { cause: error }) : error;
}
