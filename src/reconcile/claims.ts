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
  readonly #winners = new Map<Key, Claim<Value>>();
  /** The claims that have not won, by seniority; nearly nothing is claimed twice. */
  readonly #others = new Map<Key, readonly Claim<Value>[]>();

  /** Puts or replaces the claim of this claimant. */
  claim(key: Key, claimant: Claimant, value: Value): void {
    const claim = { claimant, value };
    const present = this.#winners.get(key);
    if (present === undefined) this.#winners.set(key, claim);
    else this.#settle(key, [...this.#without(key, claimant.key), claim].sort(bySeniority));
  }

  release(key: Key, claimant: ServiceKey): void {
    this.#settle(key, this.#without(key, claimant));
  }

  /** The winner's value; undefined when nobody claims. */
  winner(key: Key): Value | undefined {
    return this.#winners.get(key)?.value;
  }

  /** Who holds it. */
  holder(key: Key): ServiceKey | undefined {
    return this.#winners.get(key)?.claimant.key;
  }

  /** The claims of others, by seniority. */
  #without(key: Key, claimant: ServiceKey): readonly Claim<Value>[] {
    const winner = this.#winners.get(key);
    const claims = winner === undefined ? [] : [winner, ...(this.#others.get(key) ?? [])];
    return claims.filter((claim) => claim.claimant.key !== claimant);
  }

  #settle(key: Key, [winner, ...others]: readonly Claim<Value>[]): void {
    if (winner === undefined) this.#winners.delete(key);
    else this.#winners.set(key, winner);
    if (others.length === 0) this.#others.delete(key);
    else this.#others.set(key, others);
  }
}

function bySeniority(a: Claim<unknown>, b: Claim<unknown>): number {
  const age = a.claimant.creationTimeMs - b.claimant.creationTimeMs;
  return age !== 0 ? age : a.claimant.key < b.claimant.key ? -1 : 1;
}
