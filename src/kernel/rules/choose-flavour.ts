import type { SavedRules } from './parse-save.ts';
import type { IptablesFlavour } from './iptables-version.ts';

/** Chains of the mangle table that kubelet keeps so that others can tell which flavour the node uses. */
const hintChains = ['KUBE-IPTABLES-HINT', 'KUBE-KUBELET-CANARY'];

/** Both flavours; the first wins a draw, as in Kubernetes' own images. */
const flavours: readonly IptablesFlavour[] = ['nft', 'legacy'];

/**
 * The flavour that this node already uses: where kubelet's hints are, else where more chains of Kubernetes are, else
 * where more rules are. Undefined when neither holds any. Pure.
 */
export function flavourInUse(
  saved: Readonly<Record<IptablesFlavour, readonly SavedRules[]>>,
): IptablesFlavour | undefined {
  const hinted = flavours.find((flavour) => saved[flavour].some(hasHint));
  return hinted ?? richer(saved, kubernetesChains) ?? richer(saved, ruleCount);
}

function richer(
  saved: Readonly<Record<IptablesFlavour, readonly SavedRules[]>>,
  count: (rules: SavedRules) => number,
): IptablesFlavour | undefined {
  const [nft, legacy] = [sum(saved.nft.map(count)), sum(saved.legacy.map(count))];
  if (nft === 0 && legacy === 0) return undefined;
  return legacy > nft ? 'legacy' : 'nft';
}

function hasHint({ tables }: SavedRules): boolean {
  const mangle = tables.get('mangle');
  return hintChains.some((chain) => mangle?.has(chain) === true);
}

function kubernetesChains({ tables }: SavedRules): number {
  const names = [...tables.values()].flatMap((chains) => [...chains.keys()]);
  return names.filter((name) => name.startsWith('KUBE-')).length;
}

function ruleCount({ tables }: SavedRules): number {
  return sum([...tables.values()].flatMap((chains) => [...chains.values()].map((chain) => chain.rules.length)));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
