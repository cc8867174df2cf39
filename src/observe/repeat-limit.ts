/** What to do with one more line of a message. */
export type RepeatVerdict =
  | { readonly kind: 'write' }
  | { readonly kind: 'hold' }
  /** Write the line, after one that says how many were held back. */
  | { readonly kind: 'writeAfterHeld'; readonly held: number };

interface MessageWindow {
  startMs: number;
  written: number;
  held: number;
}

const windowMs = 10_000;
const linesPerWindow = 20;
const knownMessages = 1000;

/**
 * Holds back lines of a message that repeats: 20 in any 10 seconds are written, the rest is counted. Pure memory;
 * keeps at most 1,000 messages, and forgets the oldest when there are more.
 */
export class RepeatLimit {
  readonly #windows = new Map<string, MessageWindow>();

  /** Decides about a line of this message at this moment. */
  judge(key: string, nowMs: number): RepeatVerdict {
    const known = this.#windows.get(key);
    if (known === undefined || nowMs - known.startMs >= windowMs) {
      this.#open(key, nowMs);
      const held = known?.held ?? 0;
      return held > 0 ? { kind: 'writeAfterHeld', held } : { kind: 'write' };
    }
    if (known.written < linesPerWindow) {
      known.written += 1;
      return { kind: 'write' };
    }
    known.held += 1;
    return { kind: 'hold' };
  }

  /** Messages whose window is over and that had lines held back, with their numbers; each is returned once. */
  takeHeld(nowMs: number, { evenIfOpen = false } = {}): readonly { readonly key: string; readonly held: number }[] {
    const taken: { key: string; held: number }[] = [];
    for (const [key, window] of this.#windows) {
      const isOver = nowMs - window.startMs >= windowMs;
      if (window.held > 0 && (isOver || evenIfOpen)) taken.push({ key, held: window.held });
      if (isOver) this.#windows.delete(key);
      else if (evenIfOpen) window.held = 0;
    }
    return taken;
  }

  #open(key: string, nowMs: number): void {
    this.#windows.delete(key);
    if (this.#windows.size >= knownMessages) this.#windows.delete(this.#windows.keys().next().value as string);
    this.#windows.set(key, { startMs: nowMs, written: 1, held: 0 });
  }
}

/** How long a message stays limited, in milliseconds. */
export const repeatWindowMs = windowMs;
