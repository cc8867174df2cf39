/** What a reflector has done since it started; for metrics. */
export interface ReflectorCounters {
  readonly resource: string;
  /** Events of watches, bookmarks and those of streamed lists included. */
  events: number;
  /** Complete listings begun: one at the start, more after events were lost. */
  lists: number;
  /** Watch connections begun, streamed lists included. */
  watches: number;
  /** Failures that led to a wait. */
  errors: number;
  /** Revisions of objects that could not be decoded. */
  rejectedObjects: number;
  /** Wall-clock time of the last event in milliseconds since 1970; 0 before the first. */
  lastEventTimeMs: number;
  /** Whether a watch is open. */
  connected: boolean;
  /** Whether a complete listing has been delivered. Stays true when the connection is lost. */
  inSync: boolean;
}

export function newCounters(resource: string): ReflectorCounters {
  return {
    resource,
    events: 0,
    lists: 0,
    watches: 0,
    errors: 0,
    rejectedObjects: 0,
    lastEventTimeMs: 0,
    connected: false,
    inSync: false,
  };
}
