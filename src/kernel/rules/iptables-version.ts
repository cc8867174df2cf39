/** The two ways in which iptables talks to the kernel. Each sees only the rules made through it. */
export type IptablesFlavour = 'legacy' | 'nft';

export interface IptablesVersion {
  /** Major, minor and patch, e.g. `[1, 8, 9]`. */
  readonly numbers: readonly number[];
  readonly flavour: IptablesFlavour;
}

const versionPattern = /\bv(\d+(?:\.\d+)+)(?: \((\w+)\))?/;

/**
 * Reads what `iptables --version` prints, e.g. `iptables v1.8.9 (nf_tables)`; undefined when there is no version in it.
 * Releases before 1.8 name no flavour: there was only legacy.
 */
export function parseIptablesVersion(text: string): IptablesVersion | undefined {
  const [, numbers, flavour] = versionPattern.exec(text) ?? [];
  if (numbers === undefined) return undefined;
  return { numbers: numbers.split('.').map(Number), flavour: flavour === 'nf_tables' ? 'nft' : 'legacy' };
}

/** The first release whose restore can wait for the lock, and whose MASQUERADE knows `--random-fully`. */
const oldestUsable = [1, 6, 2];

/** Whether restores of this release can share the tables with other programs. */
export function isUsableVersion({ numbers }: IptablesVersion): boolean {
  for (const [index, needed] of oldestUsable.entries()) {
    const found = numbers[index] ?? 0;
    if (found !== needed) return found > needed;
  }
  return true;
}
