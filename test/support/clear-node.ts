import type { Shell } from './shell.ts';

/** Also what the other flavour of iptables holds, where it was ever used. */
const removeAll = `
ipvsadm -C
for name in kube-ipvs0 eth9; do [ ! -e /sys/class/net/$name ] || ip link del $name; done
nft flush ruleset
for family in ip ip6; do
  names=/proc/net/\${family}_tables_names
  [ ! -e $names ] || sed 's/.*/*&\\nCOMMIT/' $names | \${family}tables-legacy-restore
done
ipset destroy
true`;

/** Empties what Services are made of in the lab's kernel, and removes the interface `eth9` that tests make. */
export async function clearNode(shell: Shell): Promise<void> {
  await shell.run(removeAll);
}
