import type { ServiceKey } from '../../model/service-key.ts';

interface Conflict {
  readonly object: string;
  readonly holder: ServiceKey;
  readonly loser: ServiceKey;
}

export interface AddressConflictsOptions {
  /** Whether a Service wants a virtual server now and does not hold it. */
  readonly isLost: (object: string, service: ServiceKey) => boolean;
  readonly onBegin: (conflict: Conflict) => void;
  readonly onEnd: (conflict: Conflict) => void;
}

/**
 * Virtual servers that two Services want. A conflict begins when it is noted first and lasts until a plan of one of the
 * two ends it, so that it is told once. Keeps nothing but conflicts, of which there are nearly none.
 */
export class AddressConflicts {
  readonly #options: AddressConflictsOptions;
  readonly #conflicts = new Map<string, Conflict>();
  /** Names of the conflicts that a Service is part of, on either side. */
  readonly #byService = new Map<ServiceKey, Set<string>>();

  constructor(options: AddressConflictsOptions) {
    this.#options = options;
  }

  note(object: string, holder: ServiceKey, loser: ServiceKey): void {
    const name = `${object} ${loser}`;
    const known = this.#conflicts.get(name);
    if (known?.holder === holder) return;
    if (known !== undefined) this.#end(name, known);
    const conflict = { object, holder, loser };
    this.#conflicts.set(name, conflict);
    for (const service of [holder, loser]) {
      const names = this.#byService.get(service);
      if (names === undefined) this.#byService.set(service, new Set([name]));
      else names.add(name);
    }
    this.#options.onBegin(conflict);
  }

  /** A Service has been planned, or is gone: its conflicts may be over. */
  follow(service: ServiceKey): void {
    for (const name of this.#byService.get(service) ?? []) {
      const conflict = this.#conflicts.get(name);
      if (conflict !== undefined && !this.#options.isLost(conflict.object, conflict.loser)) this.#end(name, conflict);
    }
  }

  #end(name: string, conflict: Conflict): void {
    this.#conflicts.delete(name);
    for (const service of [conflict.holder, conflict.loser]) {
      const names = this.#byService.get(service);
      names?.delete(name);
      if (names?.size === 0) this.#byService.delete(service);
    }
    this.#options.onEnd(conflict);
  }
}
