import type { ProxyConfig } from '../../config/config.ts';
import type { DummyAddressDriver } from '../../kernel/address/driver.ts';
import type { IpSetDriver, IpvsDriver, ObservedIpSet, OperationFailure } from '../../kernel/drivers.ts';
import type { IptablesRulesDriver } from '../../kernel/rules/driver.ts';
import type { IpAddress } from '../../model/ip.ts';
import type { VirtualServer } from '../../model/virtual-server.ts';
import type { RuleRemoval } from './cleanup-rules.ts';
import { replacementSetName } from '../../kernel/ipset/driver.ts';
import { ipFamilies, isInCidr } from '../../model/ip.ts';
import { allIpSets } from '../../plan/ip-sets.ts';
import { readObserved } from '../../reconcile/observed-state.ts';
import { rulesToRemove } from './cleanup-rules.ts';
import { isMissingSubsystem } from '../node/missing-subsystem.ts';

interface CleanupDrivers {
  readonly ipvs: IpvsDriver;
  readonly address: Pick<
    DummyAddressDriver,
    'list' | 'listNodeAddresses' | 'apply' | 'removeInterface' | 'ensureInterface'
  >;
  readonly ipset: IpSetDriver;
  /** One for each flavour of iptables: what a process before us has put into another one is ours as well. */
  readonly rules: readonly CleanupRules[];
}

type CleanupRules = Pick<IptablesRulesDriver, 'flavour' | 'saved' | 'remove'>;

export interface CleanupOptions {
  readonly drivers: CleanupDrivers;
  readonly config: Pick<ProxyConfig, 'ipvs'>;
  /** Only tell what would be removed. */
  readonly dryRun: boolean;
  /** Gets what will be removed before anything is, then what became of it; one line each. */
  readonly print: (line: string) => void;
}

/** What is ours in the kernel. */
interface Inventory {
  readonly addresses: readonly IpAddress[];
  /** Whether nothing of others is on the dummy interface. */
  readonly ownsInterface: boolean;
  readonly virtualServers: readonly VirtualServer[];
  readonly rules: readonly FlavouredRemoval[];
  readonly sets: readonly string[];
}

interface FlavouredRemoval extends RuleRemoval {
  readonly flavour: string;
  readonly driver: CleanupRules;
}

/**
 * Removes from the kernel what the ipvs mode has put there, and nothing else; settings under /proc/sys stay. The
 * addresses go first, so that no program of the node is ever reached through them, then the virtual servers, rules, and
 * sets. A step that fails does not keep the others from being taken. Returns the failures.
 */
export async function cleanUp({ drivers, config, dryRun, print }: CleanupOptions): Promise<readonly unknown[]> {
  const found = await takeInventory(drivers, config);
  for (const line of describe(found)) print(line);
  if (dryRun) {
    print('nothing was changed: this is a dry run');
    return [];
  }
  const failures: unknown[] = [];
  const step = async (work: () => Promise<readonly OperationFailure[] | void>) => {
    try {
      for (const { error } of (await work()) ?? []) failures.push(error);
    } catch (error) {
      failures.push(error);
    }
  };
  await step(() => removeAddresses(drivers, found));
  await step(() =>
    drivers.ipvs.apply(found.virtualServers.map((virtualServer) => ({ kind: 'deleteVirtualServer', virtualServer }))),
  );
  for (const { rules, driver } of found.rules) await step(() => driver.remove(rules));
  await step(() => drivers.ipset.destroy(found.sets));
  for (const failure of failures) print(`failed: ${failure instanceof Error ? failure.message : String(failure)}`);
  return failures;
}

/** With the interface all its addresses go at once; one of that name that is not ours is refused. */
async function removeAddresses(
  { address: driver }: CleanupDrivers,
  { addresses, ownsInterface }: Inventory,
): Promise<readonly OperationFailure[]> {
  if (!ownsInterface) return await driver.apply(addresses.map((address) => ({ kind: 'unbindAddress', address })));
  await driver.removeInterface();
  return [];
}

async function takeInventory(drivers: CleanupDrivers, config: CleanupOptions['config']): Promise<Inventory> {
  const names = [...ipFamilies.flatMap(allIpSets).map(({ name }) => name), replacementSetName];
  const sets = await noneIfMissing(() => drivers.ipset.list(names));
  const bound = await drivers.address.list();
  const isForeign = (address: IpAddress) => config.ipvs.excludeCidrs.some((cidr) => isInCidr(address, cidr));
  const addresses = bound.filter((address) => !isForeign(address));
  const rules = await Promise.all(drivers.rules.map(rulesOfFlavour));
  return {
    addresses,
    ownsInterface: addresses.length === bound.length,
    virtualServers: await virtualServersOfOurs(drivers, config, sets, addresses),
    rules: rules.flat(),
    sets: sets.map(({ name }) => name),
  };
}

async function rulesOfFlavour(driver: CleanupRules): Promise<FlavouredRemoval[]> {
  const flavour = await driver.flavour();
  const removals: FlavouredRemoval[] = [];
  for (const family of ipFamilies) {
    const saved = await driver.saved(family);
    if (saved !== undefined) removals.push({ ...rulesToRemove(family, saved), flavour, driver });
  }
  return removals;
}

/** What a subsystem lists, or nothing where the kernel does not have it: then there is nothing of ours in it either. */
async function noneIfMissing<T>(list: () => Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await list();
  } catch (error) {
    if (isMissingSubsystem(error)) return [];
    throw error;
  }
}

async function virtualServersOfOurs(
  drivers: CleanupDrivers,
  { ipvs }: CleanupOptions['config'],
  sets: readonly ObservedIpSet[],
  addresses: readonly IpAddress[],
): Promise<readonly VirtualServer[]> {
  return await noneIfMissing(async () => {
    const { ours } = await readObserved({
      drivers,
      boundAddresses: new Set(addresses),
      sets,
      families: ipFamilies,
      excludeCidrs: ipvs.excludeCidrs,
      isKnown: () => false,
    });
    return ours.map(({ virtualServer }) => virtualServer);
  });
}

function describe({ addresses, ownsInterface, virtualServers, rules, sets }: Inventory): string[] {
  const chains = rules.flatMap(({ flavour, rules: { family, chains: own } }) =>
    own.map(({ table, name }) => `${family} ${table} ${name} (${flavour})`),
  );
  const lists: readonly (readonly [string, readonly string[]])[] = [
    [ownsInterface ? 'addresses, with the interface kube-ipvs0' : 'addresses on kube-ipvs0', addresses],
    ['virtual servers', virtualServers.map(({ key }) => key)],
    ['chains, with the jumps to them', chains],
    ['IP sets', sets],
  ];
  return [
    ...lists.flatMap(([what, items]) => [`remove ${items.length} ${what}`, ...items.map((item) => `  ${item}`)]),
    ...rules.flatMap(({ kept, flavour, rules: { family } }) =>
      kept.map((chain) => `keep ${family} ${chain} (${flavour})`),
    ),
  ];
}
