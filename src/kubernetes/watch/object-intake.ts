import type { Log } from '../../observe/log.ts';
import { DecodeError } from '../errors.ts';
import type { Decoded, DecodeWarning } from '../objects/decoded.ts';
import type { ObjectIdentity } from './watch-event.ts';
import { identityOf } from './watch-event.ts';

/** An object from the API server. */
export interface TakenObject<T> extends ObjectIdentity {
  /** Undefined when the object is not used or cannot be: it counts as absent. */
  readonly object: T | undefined;
}

/** An object of which something cannot be used. */
export interface FaultyObject {
  /** As in metrics and log lines, e.g. `services`. */
  readonly resource: string;
  readonly key: string;
  /** The object as it came; undefined once it is gone. */
  readonly value: unknown;
  /** In words, with the field; empty when an object that had faults has none any more. */
  readonly problems: readonly string[];
}

/** Decodes objects and logs what is wrong with them: once per revision, however often it is listed. */
export class ObjectIntake<T> {
  readonly #resource: string;
  readonly #decode: (value: unknown) => Decoded<T>;
  readonly #log: Log;
  readonly #onFaults: (object: FaultyObject) => void;
  /** Last revision that was reported, by key; only of objects with faults. */
  readonly #reported = new Map<string, string>();
  #rejected = 0;

  constructor(options: {
    readonly resource: string;
    readonly decode: (value: unknown) => Decoded<T>;
    readonly log: Log;
    /** Told when faults of an object appear, change or end. */
    readonly onFaults?: (object: FaultyObject) => void;
  }) {
    this.#resource = options.resource;
    this.#decode = options.decode;
    this.#log = options.log;
    this.#onFaults = options.onFaults ?? (() => {});
  }

  /** How many revisions could not be decoded. */
  get rejected(): number {
    return this.#rejected;
  }

  take(value: unknown): TakenObject<T> {
    const identity = identityOf(value);
    try {
      const { object, warnings } = this.#decode(value);
      if (warnings.length > 0) this.#reportWarnings(identity, warnings, value);
      else if (this.#reported.size > 0) this.forget(identity.key);
      return { ...identity, object };
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.#reportRejection(identity, error, value);
      return { ...identity, object: undefined };
    }
  }

  /** The object is gone: its name may come back with other faults. */
  forget(key: string): void {
    if (this.#reported.delete(key)) this.#tell(key, undefined, []);
  }

  #tell(key: string, value: unknown, problems: readonly string[]): void {
    this.#onFaults({ resource: this.#resource, key, value, problems });
  }

  #reportWarnings(identity: ObjectIdentity, warnings: readonly DecodeWarning[], value: unknown): void {
    if (!this.#isNews(identity)) return;
    const problems = warnings.slice(0, 10).map((warning) => `${warning.field}: ${warning.problem}`);
    this.#tell(identity.key, value, problems);
    this.#log.warning('Parts of an object were ignored', {
      resource: this.#resource,
      object: identity.key,
      problems,
      problemCount: warnings.length,
    });
  }

  #reportRejection(identity: ObjectIdentity, error: DecodeError, value: unknown): void {
    if (!this.#isNews(identity)) return;
    this.#rejected += 1;
    this.#tell(identity.key, value, [error.message]);
    this.#log.error('An object cannot be used and counts as absent', error, {
      resource: this.#resource,
      object: identity.key,
    });
  }

  #isNews(identity: ObjectIdentity): boolean {
    if (this.#reported.get(identity.key) === identity.resourceVersion) return false;
    this.#reported.set(identity.key, identity.resourceVersion);
    return true;
  }
}
