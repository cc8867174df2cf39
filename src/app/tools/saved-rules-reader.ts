import { existsSync, readFileSync } from 'node:fs';
import type { ProxierSettings } from '../../config/config.ts';
import { flavourInUse } from '../../kernel/rules/choose-flavour.ts';
import {
  findIptables,
  type Iptables,
  iptablesNamed,
  rememberVersions,
  systemFlavour,
} from '../../kernel/rules/find-iptables.ts';
import type { IptablesFlavour } from '../../kernel/rules/iptables-version.ts';
import { saveRules } from '../../kernel/rules/iptables-runs.ts';
import { seenIn, type SeenRules } from '../../kernel/rules/seen-rules.ts';
import type { SavedRules } from '../../kernel/rules/parse-save.ts';
import { CommandError, type CommandRunner, commandRunner } from '../../kernel/rules/run-command.ts';
import { type IpFamily, ipFamilies } from '../../model/ip.ts';

/** Packet filter rules as they are. */
export interface SavedRulesReader {
  /** Whose rules were read; undefined as long as none were, or where there are none. */
  readonly flavour?: IptablesFlavour | undefined;
  /** What those showed of the node, by family; worked out at each call. */
  readonly seen?: readonly SeenRules[];
  /** Families with a packet filter that can be read; both where there is none, so that what is wanted can be shown. */
  families(): Promise<readonly IpFamily[]>;
  /** Read once, when it is first asked for; undefined where there are none to be read. */
  saved(family: IpFamily): Promise<SavedRules | undefined>;
}

export interface SavedRulesReaderOptions {
  readonly flavour: ProxierSettings['iptablesFlavour'];
  /** Told once what cannot be read, and why. */
  readonly onProblem: (problem: string) => void;
  readonly run?: CommandRunner;
  readonly procDirectory?: string;
}

const limits = { timeoutMs: 30_000, maxOutputBytes: 256 * 1024 * 1024 };

/**
 * Reads rules of the flavour that the daemon would take, and only what is asked for: each program that is started costs
 * milliseconds. Writes nothing.
 */
export function savedRulesReader(options: SavedRulesReaderOptions): SavedRulesReader {
  const reader = new Reader(options);
  return {
    get flavour() {
      return reader.flavour;
    },
    get seen() {
      return reader.seen;
    },
    saved: (family) => reader.saved(family),
    families: async () => {
      const saved = await Promise.all(ipFamilies.map((family) => reader.saved(family)));
      const readable = ipFamilies.filter((_, index) => saved[index] !== undefined);
      if (readable.length === 0)
        options.onProblem('packet filter rules: no iptables 1.6.2 or later that may read them');
      return readable.length === 0 ? ipFamilies : readable;
    },
  };
}

class Reader {
  readonly #options: SavedRulesReaderOptions;
  readonly #run: CommandRunner;
  readonly #read = new Map<string, Promise<SavedRules | undefined>>();
  readonly #saved = new Map<Iptables, SavedRules>();
  #choosing: Promise<IptablesFlavour> | undefined;
  flavour: IptablesFlavour | undefined;

  constructor(options: SavedRulesReaderOptions) {
    this.#options = options;
    this.#run = rememberVersions(options.run ?? commandRunner(limits));
  }

  get seen(): readonly SeenRules[] {
    const inUse = [...this.#saved].filter(([{ flavour }]) => flavour === this.flavour);
    return inUse.map(([iptables, saved]) => seenIn(iptables, saved));
  }

  async saved(family: IpFamily): Promise<SavedRules | undefined> {
    this.#choosing ??= this.#chooseFlavour();
    const flavour = await this.#choosing;
    const saved = await this.#savedOf(flavour, family);
    if (saved !== undefined) this.flavour = flavour;
    return saved;
  }

  async #savedOf(flavour: IptablesFlavour, family: IpFamily): Promise<SavedRules | undefined> {
    const name = `${flavour} ${family}`;
    const reading = this.#read.get(name) ?? this.#readNow(flavour, family);
    this.#read.set(name, reading);
    return await reading;
  }

  async #readNow(flavour: IptablesFlavour, family: IpFamily): Promise<SavedRules | undefined> {
    if (family === 'IPv6' && !existsSync(this.#proc('net/if_inet6'))) return undefined;
    try {
      const named = iptablesNamed(family, flavour);
      return this.#remember(named, await this.#saveOf(named)) ?? (await this.#readPlain(flavour, family));
    } catch (error) {
      this.#options.onProblem(`packet filter rules: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  }

  /** Programs named after a flavour came with 1.8.0, so that there is no need to ask them for their version first. */
  async #saveOf(named: Iptables): Promise<SavedRules | undefined> {
    try {
      return await saveRules(this.#run, named);
    } catch (error) {
      const { cause } = error as Error;
      if (cause instanceof CommandError && cause.code === 'COMMAND_NOT_FOUND') return undefined;
      throw error;
    }
  }

  async #readPlain(flavour: IptablesFlavour, family: IpFamily): Promise<SavedRules | undefined> {
    const iptables = await findIptables(this.#run, family, flavour);
    return iptables && this.#remember(iptables, await saveRules(this.#run, iptables));
  }

  #remember(iptables: Iptables, saved: SavedRules | undefined): SavedRules | undefined {
    if (saved !== undefined) this.#saved.set(iptables, saved);
    return saved;
  }

  /** The choice of the daemon. The kernel tells without a program where the legacy tables hold nothing. */
  async #chooseFlavour(): Promise<IptablesFlavour> {
    const { flavour } = this.#options;
    if (flavour !== 'auto') return flavour;
    if (!this.#hasLegacyTables() && (await this.#holdsAnything('nft'))) return 'nft';
    const [nft, legacy] = await Promise.all([this.#allOf('nft'), this.#allOf('legacy')]);
    return flavourInUse({ nft, legacy }) ?? (await systemFlavour(this.#run, 'IPv4')) ?? 'nft';
  }

  #hasLegacyTables(): boolean {
    return ['net/ip_tables_names', 'net/ip6_tables_names'].some((name) => {
      const path = this.#proc(name);
      try {
        return existsSync(path) && readFileSync(path, 'utf8').trim() !== '';
      } catch {
        return true; // it cannot be read: the programs have to tell
      }
    });
  }

  async #holdsAnything(flavour: IptablesFlavour): Promise<boolean> {
    const saved = await this.#savedOf(flavour, 'IPv4');
    return [...(saved?.tables.values() ?? [])].some((chains) =>
      [...chains.values()].some(({ rules }) => rules.length > 0),
    );
  }

  async #allOf(flavour: IptablesFlavour): Promise<readonly SavedRules[]> {
    const saved = await Promise.all(ipFamilies.map((family) => this.#savedOf(flavour, family)));
    return saved.filter((rules) => rules !== undefined);
  }

  #proc(name: string): string {
    return `${this.#options.procDirectory ?? '/proc'}/${name}`;
  }
}
