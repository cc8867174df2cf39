import type { IpFamily } from '../../model/ip.ts';
import type { Iptables } from './find-iptables.ts';
import type { IptablesFlavour } from './iptables-version.ts';
import type { SavedRules } from './parse-save.ts';

interface FirstRead {
  readonly flavour: IptablesFlavour;
  readonly family: IpFamily;
  readonly saved: SavedRules;
}

/**
 * Rules as they were when a program began, so that finding out flavour, families and extensions reads them once. Each
 * is forgotten as soon as the last of these has used it, or when nothing will: nodes may have many rules of others.
 */
export class FirstReads {
  readonly #byProgram = new Map<string, FirstRead>();

  get({ save }: Iptables): SavedRules | undefined {
    return this.#byProgram.get(save)?.saved;
  }

  set({ save, flavour, family }: Iptables, saved: SavedRules): void {
    this.#byProgram.set(save, { flavour, family, saved });
  }

  /** What was read, which is then forgotten. */
  take(iptables: Iptables): SavedRules | undefined {
    const saved = this.get(iptables);
    this.#byProgram.delete(iptables.save);
    return saved;
  }

  /** Forgets what is not of this flavour and of one of these families. */
  keep(flavour: IptablesFlavour, families: readonly IpFamily[]): void {
    for (const [program, read] of this.#byProgram) {
      if (read.flavour !== flavour || !families.includes(read.family)) this.#byProgram.delete(program);
    }
  }
}
