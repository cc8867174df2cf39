/** One link of the chain between a client and a Pod, as it was found. */
export interface Link {
  /** What it is, in a word or two. */
  readonly name: string;
  /** `suspect` may be the cause and may not; `unknown` could not be looked at. */
  readonly status: 'ok' | 'broken' | 'suspect' | 'unknown';
  /** What was found. For a broken or suspect link the whole story in one sentence, with the remedy. */
  readonly text: string;
}

export function ok(name: string, text: string): Link {
  return { name, status: 'ok', text };
}

/** `what` is wrong, and `remedy` puts it right; together they are one sentence. */
export function broken(name: string, what: string, remedy: string): Link {
  return { name, status: 'broken', text: `${what}: ${remedy}.` };
}

export function suspect(name: string, what: string, remedy: string): Link {
  return { name, status: 'suspect', text: `${what}: ${remedy}.` };
}

export function unknown(name: string, text: string): Link {
  return { name, status: 'unknown', text };
}

/** `1 Pod`, `3 Pods`. */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
