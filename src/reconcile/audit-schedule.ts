/** Parts of the kernel's state that are compared with what we know of them. */
export type AuditPart = 'settings' | 'addresses' | 'sets' | 'rules' | 'servers';

/** What can be put right soon goes first. */
const parts: readonly AuditPart[] = ['settings', 'addresses', 'sets', 'rules', 'servers'];

/** How many times as long as a comparison took lies at least between two: each part takes at most 5 % of a core. */
const restFactor = 20;

const never = Number.POSITIVE_INFINITY;
const atOnce = Number.NEGATIVE_INFINITY;

/**
 * When which part is compared next: every period, a large one less often, which holds up no other. Pure; times are
 * monotonic milliseconds.
 */
export class AuditSchedule {
  readonly #dueMs = new Map<AuditPart, number>();
  readonly #periodMs: () => number;

  /** The period may change; 0 is for never. */
  constructor(periodMs: () => number) {
    this.#periodMs = periodMs;
  }

  /** Everything has just been read. */
  begin(nowMs: number): void {
    for (const part of parts) this.#dueMs.set(part, this.#nextMs(nowMs, 0));
  }

  /** Everything is due, whenever it would be. */
  request(): void {
    for (const part of parts) this.#dueMs.set(part, atOnce);
  }

  /** When the next part is due. */
  nextDueMs(): number {
    return Math.min(never, ...this.#dueMs.values());
  }

  /** The parts that are due, in order; they are not due again until `done` or `begin`. */
  take(nowMs: number): readonly AuditPart[] {
    const due = parts.filter((part) => (this.#dueMs.get(part) ?? never) <= nowMs);
    for (const part of due) this.#dueMs.set(part, never);
    return due;
  }

  /** A part that was taken at `takenMs` has been compared, which cost so much. Asked for meanwhile it is due at once. */
  done(part: AuditPart, takenMs: number, costMs: number): void {
    if (this.#dueMs.get(part) !== atOnce) this.#dueMs.set(part, this.#nextMs(takenMs, costMs));
  }

  #nextMs(fromMs: number, costMs: number): number {
    const periodMs = this.#periodMs();
    return periodMs === 0 ? never : fromMs + Math.max(periodMs, costMs * restFactor);
  }
}
