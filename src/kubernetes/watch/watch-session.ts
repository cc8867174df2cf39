import type { Clock } from '../../model/clock.ts';
import { ConnectionError, ProtocolError, SilenceError } from './errors.ts';
import type { ApiClient } from './kube-client.ts';
import type { ServerFault } from './server-choice.ts';
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
/** A watch that the server ends sooner than this is a failure, or a broken server would be asked without pause. */
const shortestWatchMs = 1_000;

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
  /** The server has ended the watch. What it throws is the outcome. */
  readonly onEnd?: () => void;
  /** How long the server may be silent at this stage, in milliseconds; may be infinite. */
  readonly silenceLimitMs: () => number;
}

/**
 * One watch connection, from request to end. Resolves when the server ends it in order, not sooner than after a second;
 * rejects with `ApiError`, `ConnectionError` or `ProtocolError`, with what `onEvent` and `onEnd` throw, or with the
 * signal's reason.
 */
export async function runWatch(options: WatchSessionOptions): Promise<void> {
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
    const fault = streamFaultOf(error);
    if (fault !== undefined) stream.blame(fault);
    throw connectionErrorOf(request, error);
  } finally {
    silence.stop();
    stream.close();
  }
  options.onEnd?.();
  const lastedMs = clock.monotonicMs() - startMs;
  if (lastedMs >= shortestWatchMs) return;
  stream.blame('failing');
  throw new ConnectionError(request, `the server ended it after ${Math.round(lastedMs)} ms`);
}

/**
 * What the end of a stream says against its server. A cut says nothing: servers restart, and what is between them and
 * this node drops connections; the next request finds out. Silence, and a TCP time-out, say that it is gone.
 */
function streamFaultOf(error: unknown): ServerFault | undefined {
  if (error instanceof SilenceError) return 'silent';
  if (error instanceof ProtocolError) return 'nonsense';
  const code = (error as NodeJS.ErrnoException | null)?.code;
  return code === 'ETIMEDOUT' || code === 'EHOSTUNREACH' || code === 'ENETUNREACH' ? 'silent' : undefined;
}

/** Errors of the stream itself get the request's name; those of this program pass. */
function connectionErrorOf(request: string, error: unknown): unknown {
  const code = (error as { readonly code?: unknown } | null)?.code;
  const isSystemError = typeof code === 'string' && /^(E[A-Z]|HPE_)/.test(code);
  return isSystemError ? new ConnectionError(request, `the connection was cut (${code})`, { cause: error }) : error;
}
