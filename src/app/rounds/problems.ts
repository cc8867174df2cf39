import type { EventSubject, ProxyEvent } from '../../kubernetes/events/event.ts';
import type { Log } from '../../observe/log.ts';

/** Something that is wrong with an object, in a form that users may see. */
export interface Problem {
  /** As in Events and metrics, e.g. `AddressConflict`. */
  readonly reason: string;
  readonly action: string;
  readonly note: string;
  /** `cluster` where every node finds the same. */
  readonly scope: 'cluster' | 'node';
}

export interface ProblemBookOptions {
  readonly log: Log;
  readonly count: (reason: string) => void;
  /** Absent where there is no API server to write Events to. */
  readonly write: ((event: ProxyEvent) => void) | undefined;
}

/**
 * What is known to be wrong. A problem is told once, by a log line, a counter and an Event, and again only after it was
 * gone. Keeps nothing about objects without problems.
 */
export class ProblemBook {
  readonly #options: ProblemBookOptions;
  readonly #known = new Map<string, ReadonlySet<string>>();

  constructor(options: ProblemBookOptions) {
    this.#options = options;
  }

  /** Replaces what is known to be wrong under a name that the finder chooses; no problem is fine. */
  settle(finding: string, subject: EventSubject, problems: readonly Problem[]): void {
    const told = new Set(this.#known.get(finding));
    if (problems.length === 0) return this.forget(finding);
    this.#known.set(finding, new Set(problems.map(textOf)));
    for (const problem of problems) {
      if (told.has(textOf(problem))) continue;
      told.add(textOf(problem));
      this.tell(subject, problem);
    }
  }

  /** Nothing is wrong there any more. */
  forget(finding: string): void {
    this.#known.delete(finding);
  }

  /** Tells of something that has no end to wait for, or whose finder remembers it. */
  tell(subject: EventSubject, { reason, action, note, scope }: Problem): void {
    const { log, count, write } = this.#options;
    const object = [subject.kind, [subject.namespace, subject.name].filter(Boolean).join('/')].join(' ');
    log.warning('Found a problem', { reason, object, note });
    count(reason);
    write?.({ type: 'Warning', reason, action, note, regarding: subject, scope });
  }
}

function textOf({ reason, note }: Problem): string {
  return `${reason} ${note}`;
}
