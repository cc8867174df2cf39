import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { IpFamily } from '../../model/ip.ts';
import type { RuleCapabilities, RuleExtension, RuleSet } from '../../model/rule-set.ts';
import type { RuleDifference, RulesDriver } from '../drivers.ts';
import type { IptablesFlavour } from './iptables-version.ts';
import type { SavedRules } from './parse-save.ts';
import type { Probe } from './probe-extensions.ts';
import { ipFamilies } from '../../model/ip.ts';
import { ruleExtensions } from '../../model/rule-set.ts';
import { DriverError } from '../errors.ts';
import { flavourInUse } from './choose-flavour.ts';
import { compareRules } from './compare-rules.ts';
import { type Iptables, findIptables, rememberVersions, systemFlavour } from './find-iptables.ts';
import { FirstReads } from './first-reads.ts';
import { restoreRules, saveRules, tryRestore } from './iptables-runs.ts';
import { capabilitiesFrom, probes, probesAnswered, renderProbe, renderScratchChain } from './probe-extensions.ts';
import { renderRemoval, renderRestore } from './render-restore.ts';
import { type CommandRunner, commandRunner } from './run-command.ts';
import { SeenFamilies, type SeenRules } from './seen-rules.ts';

export interface IptablesRulesDriverOptions {
  readonly flavour: IptablesFlavour | 'auto';
  /** Runs the programs; by default each may take 30 s and print 64 MiB. */
  readonly run?: CommandRunner;
  /** Where the proc file system is mounted; `/proc` by default. */
  readonly procDirectory?: string;
  /** What is known of the node already, all of the flavour given; no program is started to find that out again. */
  readonly seen?: readonly SeenRules[];
}

const defaultLimits = { timeoutMs: 30_000, maxOutputBytes: 64 * 1024 * 1024 };

/** How often a restore is tried when others changed the tables while it was being prepared. */
const maxAttempts = 3;

/**
 * Packet filter rules through the iptables programs: one save to read, at most one restore to write. Only chains and
 * jumps that differ are written, each table in one transaction; nothing is written when nothing differs. Rules of
 * others stay as and where they are. Not safe for parallel calls. Throws `DriverError`.
 */
export class IptablesRulesDriver implements RulesDriver {
  readonly #run: CommandRunner;
  readonly #flavourSetting: IptablesFlavour | 'auto';
  readonly #procDirectory: string;
  #flavour: IptablesFlavour | undefined;
  readonly #iptables = new Map<IpFamily, Iptables>();
  readonly #firstReads = new FirstReads();
  readonly #seen: SeenFamilies;
  /** Save programs of which a nat table was found, or could be made. */
  readonly #working = new Set<string>();

  constructor(options: IptablesRulesDriverOptions) {
    this.#run = rememberVersions(options.run ?? commandRunner(defaultLimits));
    this.#flavourSetting = options.flavour;
    this.#procDirectory = options.procDirectory ?? '/proc';
    this.#seen = new SeenFamilies(options.seen ?? []);
  }

  /** The flavour in use; found out once, at the first call of any method. */
  async flavour(): Promise<IptablesFlavour> {
    this.#flavour ??= this.#flavourSetting === 'auto' ? await this.#detectFlavour() : this.#flavourSetting;
    return this.#flavour;
  }

  async families(): Promise<readonly IpFamily[]> {
    const flavour = await this.flavour();
    const working: IpFamily[] = [];
    for (const family of ipFamilies) if (await this.#works(family, flavour)) working.push(family);
    this.#firstReads.keep(flavour, working);
    return working;
  }

  /**
   * Which of the wanted extensions the kernel and iptables have. Those that rules in place already use, or used when the
   * program started, are not probed; the others are, by writing rules that nothing leads to and removing them again. `existingSet` is the name of any set that exists, to probe the match on sets with.
   */
  async capabilities(
    family: IpFamily,
    existingSet: string,
    wanted: ReadonlySet<RuleExtension> = new Set(ruleExtensions),
  ): Promise<RuleCapabilities> {
    const iptables = await this.#find(family);
    const answered =
      this.#seen.takeAnswered(family) ??
      probesAnswered(this.#firstReads.take(iptables) ?? (await saveRules(this.#run, iptables)));
    const isWanted = (probe: Probe) => wanted.has(probe === 'random-fully' ? 'MASQUERADE' : probe);
    const open = probes.filter((probe) => isWanted(probe) && !answered.has(probe));
    if (open.length === 0 || (await this.#canHold(iptables, open, existingSet))) return capabilitiesFrom(new Set());
    await restoreRules(this.#run, iptables, renderScratchChain('nat', []) + renderScratchChain('filter', []));
    const failed = new Set<Probe>();
    for (const probe of open) if (!(await this.#canHold(iptables, [probe], existingSet))) failed.add(probe);
    return capabilitiesFrom(failed);
  }

  /** All rules of a family as they are; undefined where there is no iptables for it, or it cannot be read. */
  async saved(family: IpFamily): Promise<SavedRules | undefined> {
    const iptables = await findIptables(this.#run, family, await this.flavour());
    return iptables === undefined ? undefined : await saveRules(this.#run, iptables).catch(ignoreDriverError);
  }

  async compare(rules: RuleSet): Promise<readonly RuleDifference[]> {
    const iptables = await this.#find(rules.family);
    return compareRules(rules, await saveRules(this.#run, iptables)).differences;
  }

  async apply(rules: RuleSet): Promise<boolean> {
    const iptables = await this.#find(rules.family);
    return await this.#write(iptables, async () => {
      const { changes } = compareRules(rules, await saveRules(this.#run, iptables));
      return renderRestore(changes);
    });
  }

  async remove(rules: RuleSet): Promise<void> {
    const iptables = await this.#find(rules.family);
    await this.#write(iptables, async () => renderRemoval(rules, await saveRules(this.#run, iptables)));
  }

  /** A restore that fails is prepared anew, and tried again only if that gives another input. Tells whether one ran. */
  async #write(iptables: Iptables, prepare: () => Promise<string>): Promise<boolean> {
    let input = await prepare();
    for (let attempt = 1; input !== ''; attempt += 1) {
      try {
        await restoreRules(this.#run, iptables, input);
        return true;
      } catch (error) {
        const next = await prepare();
        if (next === input || attempt === maxAttempts) throw error;
        input = next;
      }
    }
    return false;
  }

  async #find(family: IpFamily): Promise<Iptables> {
    const known = this.#iptables.get(family);
    if (known !== undefined) return known;
    const flavour = await this.flavour();
    const found = this.#seen.iptables(family) ?? (await findIptables(this.#run, family, flavour));
    if (found === undefined) {
      throw new DriverError('rules', `find iptables for ${family}`, {
        detail: `no iptables of the ${flavour} flavour, release 1.6.2 or newer`,
        hint: 'install iptables, or choose the other flavour',
      });
    }
    this.#iptables.set(family, found);
    return found;
  }

  async #detectFlavour(): Promise<IptablesFlavour> {
    const saved = { nft: await this.#saveAll('nft'), legacy: await this.#saveAll('legacy') };
    const inUse = flavourInUse(saved);
    if (inUse !== undefined) return inUse;
    const preferred = (await systemFlavour(this.#run, 'IPv4')) ?? (await systemFlavour(this.#run, 'IPv6')) ?? 'nft';
    const other = preferred === 'nft' ? 'legacy' : 'nft';
    for (const flavour of [preferred, other] as const) {
      for (const family of ipFamilies) if (await this.#works(family, flavour)) return flavour;
    }
    return preferred;
  }

  /** What a flavour holds, of the families that can be read: one that cannot holds nothing. */
  async #saveAll(flavour: IptablesFlavour) {
    const saved = [];
    for (const family of ipFamilies) {
      const iptables = await findIptables(this.#run, family, flavour);
      if (iptables !== undefined) saved.push(await this.#readFirst(iptables));
    }
    return saved.filter((rules) => rules !== undefined);
  }

  /** Listing succeeds also where nothing can be written: only a nat table that exists, or can be made, counts. */
  async #works(family: IpFamily, flavour: IptablesFlavour): Promise<boolean> {
    if (family === 'IPv6' && !this.#hasIpv6()) return false;
    if (this.#seen.hasNat(family)) return true;
    const iptables = await findIptables(this.#run, family, flavour);
    if (iptables === undefined) return false;
    if (this.#working.has(iptables.save)) return true;
    const hasNat = (await this.#readFirst(iptables))?.tables.has('nat') === true;
    const works = hasNat || (await tryRestore(this.#run, iptables, renderScratchChain('nat', []))).exitCode === 0;
    if (works) this.#working.add(iptables.save);
    return works;
  }

  /** Rules as they were when first read, unless that has been used up; undefined when they cannot be read. */
  async #readFirst(iptables: Iptables): Promise<SavedRules | undefined> {
    const known = this.#firstReads.get(iptables);
    if (known !== undefined) return known;
    const saved = await saveRules(this.#run, iptables).catch(ignoreDriverError);
    if (saved !== undefined) this.#firstReads.set(iptables, saved);
    return saved;
  }

  #hasIpv6(): boolean {
    if (!existsSync(join(this.#procDirectory, 'net/if_inet6'))) return false;
    const disabled = join(this.#procDirectory, 'sys/net/ipv6/conf/all/disable_ipv6');
    return !existsSync(disabled) || readFileSync(disabled, 'utf8').trim() !== '1';
  }

  async #canHold(iptables: Iptables, wanted: readonly Probe[], existingSet: string): Promise<boolean> {
    const { exitCode, stderr } = await tryRestore(
      this.#run,
      iptables,
      renderProbe(wanted, iptables.family, existingSet),
    );
    if (exitCode !== 0 && stderr.includes(`Set ${existingSet} doesn't exist`)) {
      throw new DriverError('rules', `probe the ${iptables.family} match on sets`, {
        detail: `set ${existingSet} does not exist`,
      });
    }
    return exitCode === 0;
  }
}

function ignoreDriverError(error: unknown): undefined {
  if (!(error instanceof DriverError)) throw error;
  return undefined;
}
