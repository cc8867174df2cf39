import type { SysctlDriver } from '../kernel/drivers.ts';
import type { ReconcileObserver } from './observer.ts';

/** A kernel setting and the value that Services need, e.g. `net/ipv4/ip_forward` and `1`. */
export type WantedSysctl = readonly [name: string, value: string];

/** Keeps kernel settings as they were made at the start. A few files are read; nothing is written while they agree. */
export class SysctlKeeper {
  readonly #driver: SysctlDriver;
  readonly #wanted: readonly WantedSysctl[];
  readonly #observer: ReconcileObserver;
  readonly #failed = new Set<string>();

  constructor(options: {
    readonly driver: SysctlDriver;
    readonly wanted: readonly WantedSysctl[];
    readonly observer: ReconcileObserver;
  }) {
    this.#driver = options.driver;
    this.#wanted = options.wanted;
    this.#observer = options.observer;
  }

  /** Puts right what somebody else changed. What cannot be put right is told once, and tried again in every audit. */
  audit(): void {
    for (const [name, value] of this.#wanted) this.#keep(name, value);
  }

  #keep(name: string, value: string): void {
    try {
      if (this.#driver.ensure(name, value)) {
        this.#observer.drifted('sysctl', 1, name);
        this.#observer.applied('sysctl', 1);
      }
      if (this.#failed.delete(name)) this.#observer.recovered('sysctl', name);
    } catch (error) {
      if (this.#failed.has(name)) return;
      this.#failed.add(name);
      this.#observer.failed('sysctl', name, error);
    }
  }
}
