import type { IptablesFlavour } from '../../kernel/rules/iptables-version.ts';
import { IptablesRulesDriver } from '../../kernel/rules/driver.ts';
import { removeIptablesMode } from '../../kernel/rules/iptables-mode-rules.ts';
import { removeNftablesMode } from '../../kernel/rules/nftables-mode.ts';
import { type CommandRunner, commandRunner } from '../../kernel/rules/run-command.ts';
import { type IpFamily, ipFamilies } from '../../model/ip.ts';
import { rulesToRemove } from './cleanup-rules.ts';
import type { LeftoverPlace } from './remove-leftovers.ts';

const limits = { timeoutMs: 30_000, maxOutputBytes: 256 * 1024 * 1024 };

/**
 * Where a kube-proxy that ran here before may have left something while we are in mode ipvs with this flavour of
 * iptables: rules of mode iptables in both flavours, those of mode ipvs in the other one, tables of mode nftables.
 */
export function leftoverPlaces(flavour: IptablesFlavour, run: CommandRunner = commandRunner(limits)): LeftoverPlace[] {
  const other = flavour === 'nft' ? 'legacy' : 'nft';
  const places = [
    { flavour, use: 'inUse' },
    { flavour: other, use: 'notInUse' },
  ] as const;
  const ofIptables = places.flatMap((place) =>
    ipFamilies.map((family) => ({
      name: `${family} rules of mode iptables (${place.flavour})`,
      remove: () => removeIptablesMode(run, { family, ...place }),
    })),
  );
  const ofIpvs = ipFamilies.map((family) => ({
    name: `${family} rules of mode ipvs (${other})`,
    remove: () => removeIpvsRules(run, family, other),
  }));
  return [...ofIptables, ...ofIpvs, { name: 'tables of mode nftables', remove: () => removeNftablesMode(run) }];
}

/** Rules of mode ipvs in a flavour of iptables that we do not use. */
async function removeIpvsRules(run: CommandRunner, family: IpFamily, flavour: IptablesFlavour): Promise<string[]> {
  const driver = new IptablesRulesDriver({ flavour, run });
  const saved = await driver.saved(family);
  if (saved === undefined) return [];
  const { rules } = rulesToRemove(family, saved);
  if (rules.chains.length > 0) await driver.remove(rules);
  return rules.chains.map(({ table, name }) => `${table} ${name}`);
}
