import type { IpFamily } from '../../model/ip.ts';
import type { Iptables } from './find-iptables.ts';
import type { SavedRules } from './parse-save.ts';
import { type Probe, probesAnswered } from './probe-extensions.ts';

/**
 * What reading the rules of a family has shown of the node. It stays true while rules change, so that who reads them
 * before they are to be written need not find it out then; the rules themselves are not kept.
 */
export interface SeenRules {
  readonly iptables: Iptables;
  readonly hasNat: boolean;
  /** What rules in place used, and what the node therefore has. */
  readonly answered: ReadonlySet<Probe>;
}

/** What these rules show. Pure. */
export function seenIn(iptables: Iptables, saved: SavedRules): SeenRules {
  return { iptables, hasNat: saved.tables.has('nat'), answered: probesAnswered(saved) };
}

/** What was seen of the families, each used as long as nothing newer is known. */
export class SeenFamilies {
  readonly #byFamily: ReadonlyMap<IpFamily, SeenRules>;
  readonly #unanswered: Set<IpFamily>;

  constructor(seen: readonly SeenRules[]) {
    this.#byFamily = new Map(seen.map((each) => [each.iptables.family, each]));
    this.#unanswered = new Set(this.#byFamily.keys());
  }

  /** The programs that were used; undefined where nothing was seen. */
  iptables(family: IpFamily): Iptables | undefined {
    return this.#byFamily.get(family)?.iptables;
  }

  /** Whether there was a nat table. */
  hasNat(family: IpFamily): boolean {
    return this.#byFamily.get(family)?.hasNat === true;
  }

  /** What the node has; at the first call for the family only, for later ones want to know of rules written since. */
  takeAnswered(family: IpFamily): ReadonlySet<Probe> | undefined {
    return this.#unanswered.delete(family) ? this.#byFamily.get(family)?.answered : undefined;
  }
}
