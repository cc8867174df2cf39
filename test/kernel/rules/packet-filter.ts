import { execFileSync } from 'node:child_process';
import { globSync, mkdtempSync, readdirSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { IpFamily } from '../../../src/model/ip.ts';
import type { RuleTable } from '../../../src/model/rule-set.ts';
import type { IptablesFlavour } from '../../../src/kernel/rules/iptables-version.ts';
import { type Command, commandRunner } from '../../../src/kernel/rules/run-command.ts';
import { allIpSets } from '../../../src/plan/ip-sets.ts';

if (process.env.LAB === undefined) throw new Error('this test needs the kernel lab: test/lab/lab.ts run -- ...');

const run = commandRunner({ timeoutMs: 60_000, maxOutputBytes: 16 * 1024 * 1024 });

const builtIns: Readonly<Record<RuleTable, readonly string[]>> = {
  nat: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
  filter: ['INPUT', 'FORWARD', 'OUTPUT'],
};

/** The packet filter of one family and flavour in the lab, as a test sees and changes it beside the driver. */
export class PacketFilter {
  /** Inputs of the restores that the driver ran, oldest first. */
  readonly restored: string[] = [];
  readonly #program: string;
  readonly #family: IpFamily;

  constructor(flavour: IptablesFlavour, family: IpFamily) {
    this.#program = `${family === 'IPv4' ? 'iptables' : 'ip6tables'}-${flavour}`;
    this.#family = family;
  }

  /** For the driver: runs programs and notes the inputs of restores. */
  readonly run = (command: Command) => {
    if (command.file.endsWith('-restore')) this.restored.push(command.input ?? '');
    return run(command);
  };

  /** Leaves nothing but empty built-in chains. */
  reset(): void {
    const blocks = Object.entries(builtIns).map(([table, chains]) => {
      return [`*${table}`, ...chains.map((chain) => `:${chain} ACCEPT [0:0]`), 'COMMIT\n'].join('\n');
    });
    execFileSync(`${this.#program}-restore`, ['-w', '5'], { input: blocks.join('') });
    this.restored.length = 0;
  }

  /** Makes the sets that rules refer to, those that exist excepted. */
  makeSets(): void {
    const lines = allIpSets(this.#family).map(({ name, type, family }) => {
      if (type === 'bitmap:port') return `create ${name} ${type} range 0-65535`;
      return `create ${name} ${type} family ${family === 'IPv6' ? 'inet6' : 'inet'} maxelem 65536`;
    });
    execFileSync('ipset', ['restore', '-exist'], { input: `${lines.join('\n')}\n` });
  }

  /** Leaves neither rules nor sets. */
  clear(): void {
    this.reset();
    const lines = allIpSets(this.#family).map(({ name }) => `destroy ${name}`);
    execFileSync('ipset', ['restore'], { input: `${lines.join('\n')}\n` });
  }

  /** Makes changes as another program would: lines of a restore that keeps what is there. */
  change(table: RuleTable, ...lines: readonly string[]): void {
    const input = `${[`*${table}`, ...lines, 'COMMIT'].join('\n')}\n`;
    execFileSync(`${this.#program}-restore`, ['-w', '5', '--noflush'], { input });
  }

  save(): string {
    return execFileSync(`${this.#program}-save`, { encoding: 'utf8' });
  }

  /** Rules of a chain in order, as iptables-save prints them. */
  rulesOf(table: RuleTable, chain: string): string[] {
    const text = execFileSync(`${this.#program}-save`, ['-t', table], { encoding: 'utf8' });
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
