import type { ServiceKey } from '../model/service-key.ts';

/** Who claims: of several, the oldest Service wins; of equally old ones, the first by name. */
export interface Claimant {
  readonly key: ServiceKey;
  readonly creationTimeMs: number;
}

interface Claim<Value> {
  readonly claimant: Claimant;
  readonly value: Value;
}

/** Things that several Services may want at once. Each is held once and leaves with its last owner. */
export class Claims<Key, Value> {
  readonly #claims = new Map<Key, readonly Claim<Value>[]>();

  /** Puts or replaces the claim of this claimant. */
  claim(key: Key, claimant: Claimant, value: Value): void {
    const claim = { claimant, value };
    const present = this.#claims.get(key);
    const others = present?.filter((other) => other.claimant.key !== claimant.key) ?? [];
    this.#claims.set(key, others.length === 0 ? [claim] : [...others, claim].sort(bySeniority));
  }

  release(key: Key, claimant: ServiceKey): void {
    const remaining = (this.#claims.get(key) ?? []).filter((claim) => claim.claimant.key !== claimant);
    if (remaining.length === 0) this.#claims.delete(key);
    else this.#claims.set(key, remaining);
  }

  /** The winner's value; undefined when nobody claims. */
  winner(key: Key): Value | undefined {
    return this.#claims.get(key)?.[0]?.value;
  }

  /** Who holds it. */
  holder(key: Key): ServiceKey | undefined {
    return this.#claims.get(key)?.[0]?.claimant.key;
  }
}

function bySeniority(a: Claim<unknown>, b: Claim<unknown>): number {
  const age = a.claimant.creationTimeMs - b.claimant.creationTimeMs;
  return age !== 0 ? age : a.claimant.key < b.claimant.key ? -1 : 1;
}
