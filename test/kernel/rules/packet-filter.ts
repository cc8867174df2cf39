import { globSync, mkdtempSync, readdirSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { IpFamily } from '../../../src/model/ip.ts';
import type { RuleTable } from '../../../src/model/rule-set.ts';
import type { IptablesFlavour } from '../../../src/kernel/rules/iptables-version.ts';
import type { Command, CommandResult } from '../../../src/kernel/rules/run-command.ts';
import { allIpSets } from '../../../src/plan/ip-sets.ts';
import type { Programs } from '../../support/programs.ts';

if (process.env.LAB === undefined) throw new Error('this test needs the kernel lab: test/lab/lab.ts run -- ...');

const builtIns: Readonly<Record<RuleTable, readonly string[]>> = {
  nat: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
  filter: ['INPUT', 'FORWARD', 'OUTPUT'],
};

/** The packet filter of one family and flavour in the lab, as a test sees and changes it beside the driver. */
export class PacketFilter {
  /** Inputs of the restores that the driver ran, oldest first. */
  readonly restored: string[] = [];
  readonly #programs: Programs;
  readonly #program: string;
  readonly #family: IpFamily;

  constructor(flavour: IptablesFlavour, family: IpFamily, programs: Programs) {
    this.#programs = programs;
    this.#program = `${family === 'IPv4' ? 'iptables' : 'ip6tables'}-${flavour}`;
    this.#family = family;
  }

  /** For the driver: runs programs and notes the inputs of restores. */
  readonly run = (command: Command): Promise<CommandResult> => {
    if (command.file.endsWith('-restore')) this.restored.push(command.input ?? '');
    return this.#programs.run(command);
  };

  /** Leaves nothing but empty built-in chains. */
  async reset(): Promise<void> {
    const blocks = Object.entries(builtIns).map(([table, chains]) => {
      return [`*${table}`, ...chains.map((chain) => `:${chain} ACCEPT [0:0]`), 'COMMIT\n'].join('\n');
    });
    await this.#programs.output(`${this.#program}-restore`, ['-w', '5'], blocks.join(''));
    this.restored.length = 0;
  }

  /** Makes the sets that rules refer to, those that exist excepted. */
  async makeSets(): Promise<void> {
    const lines = allIpSets(this.#family).map(({ name, type, family }) => {
      if (type === 'bitmap:port') return `create ${name} ${type} range 0-65535`;
      return `create ${name} ${type} family ${family === 'IPv6' ? 'inet6' : 'inet'} maxelem 65536`;
    });
    await this.#programs.output('ipset', ['restore', '-exist'], `${lines.join('\n')}\n`);
  }

  async destroySet(name: string): Promise<void> {
    await this.#programs.output('ipset', ['destroy', name]);
  }

  async flushNftables(): Promise<void> {
    await this.#programs.output('nft', ['flush', 'ruleset']);
  }

  /** Leaves neither rules nor sets. */
  async clear(): Promise<void> {
    await this.reset();
    const names = allIpSets(this.#family).map(({ name }) => `destroy ${name}\n`);
    await this.#programs.output('ipset', ['restore'], names.join(''));
  }

  /** Makes changes as another program would: lines of a restore that keeps what is there. */
  async change(table: RuleTable, ...lines: readonly string[]): Promise<void> {
    const input = `${[`*${table}`, ...lines, 'COMMIT'].join('\n')}\n`;
    await this.#programs.output(`${this.#program}-restore`, ['-w', '5', '--noflush'], input);
  }

  save(): Promise<string> {
    return this.#programs.output(`${this.#program}-save`, []);
  }

  /** Rules of a chain in order, as iptables-save prints them. */
  async rulesOf(table: RuleTable, chain: string): Promise<string[]> {
    const text = await this.#programs.output(`${this.#program}-save`, ['-t', table]);
    const start = `-A ${chain} `;
    const lines = text.split('\n').filter((line) => line.startsWith(start));
    return lines.map((line) => line.slice(start.length));
  }
}

/** A directory with all extensions of iptables but those named, as if it had been built without them. */
export function extensionsWithout(...names: string[]): string {
  const [library] = globSync('/usr/{lib,lib64,lib/*}/xtables/libxt_set.so');
  if (library === undefined) throw new Error('the extensions of iptables were not found below /usr/lib');
  const directory = mkdtempSync(join(tmpdir(), 'extensions-'));
  for (const file of readdirSync(dirname(library))) {
    const isHidden = names.some((name) => file.endsWith(`_${name}.so`));
    if (!isHidden) symlinkSync(join(dirname(library), file), join(directory, file));
  }
  return directory;
}
