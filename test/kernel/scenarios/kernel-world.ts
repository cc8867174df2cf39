import type { ProxyConfig } from '../../../src/config/config.ts';
import type { IpFamily } from '../../../src/model/ip.ts';
import type { RuleCapabilities } from '../../../src/model/rule-set.ts';
import type { Drivers } from '../../../src/reconcile/reconciler.ts';
import type { World } from '../../scenarios/run/world.ts';
import { type Kernel, openKernel } from '../../../src/app/node/open-kernel.ts';
import { rulePlanner } from '../../../src/app/rounds/rule-planner.ts';
import { IptablesRulesDriver } from '../../../src/kernel/rules/driver.ts';
import { ipFamilies } from '../../../src/model/ip.ts';
import { silentLog } from '../../../src/observe/log.ts';
import { allIpSets } from '../../../src/plan/ip-sets.ts';
import { Programs } from '../../support/programs.ts';
import { RememberedSaves } from './remembered-saves.ts';
import { recordedDrivers } from './recorded-drivers.ts';
import { boundLines, flowInsertion, flowLines, normalizedRule, ruleLines, setLines } from './tool-output.ts';

const nodeInterface = 'node0';

/** Clears what a scenario left, but for interface, sets and rules: the next one finds those and makes them its own. */
const clearing = 'ipvsadm -C; ip address flush dev kube-ipvs0 2>/dev/null; ipset flush';
/** Clears interface, sets and rules too. */
const clearingAll = [
  ...['iptables', 'ip6tables'].map(
    (program) => `printf '*nat\\nCOMMIT\\n*filter\\nCOMMIT\\n' | ${program}-restore -w 5`,
  ),
  'ipvsadm -C; ip link del kube-ipvs0 2>/dev/null; ipset destroy',
].join('; ');

/** The lab's kernel with the real drivers, read with the tools. */
export class KernelWorld implements World {
  readonly #programs = new Programs();
  readonly #shell = this.#programs.shell;
  readonly #saves = new RememberedSaves(this.#programs.run);
  readonly #writes: string[] = [];
  readonly #capabilities = new Map<IpFamily, RuleCapabilities>();
  #interfaces = '';
  #hasFlows = false;
  #kernel: Kernel | undefined;
  #rules: IptablesRulesDriver | undefined;
  #drivers: Drivers | undefined;

  /** Opens the drivers; to be called once. */
  async open(): Promise<void> {
    this.#kernel = await openKernel(silentLog);
    this.#rules = new IptablesRulesDriver({ flavour: 'auto', run: this.#saves.run });
    const { ipvs, address, ipset, conntrack } = this.#kernel;
    this.#drivers = recordedDrivers({ ipvs, address, ipset, conntrack, rules: this.#rules }, this.#writes);
    await this.#shell.run(`ip link add ${nodeInterface} type dummy; ip link set ${nodeInterface} up; ${clearingAll}`);
  }

  close(): void {
    this.#kernel?.close();
    this.#programs.close();
  }

  /** Leaves nothing of the scenario before; `everything` says whether interface, sets and rules go too. */
  async clear(everything: boolean): Promise<void> {
    await this.#shell.run(everything ? clearingAll : clearing);
    this.#writes.length = 0;
    if (everything) this.#saves.forget();
    if (this.#hasFlows) await this.#shell.run('conntrack -F 2>/dev/null');
    this.#hasFlows = false;
  }

  get drivers(): Drivers {
    if (this.#drivers === undefined) throw new Error('the world is not open');
    return this.#drivers;
  }

  planRules(config: ProxyConfig) {
    const driver = {
      capabilities: async (family: IpFamily, existingSet: string) => {
        const known = this.#capabilities.get(family) ?? (await this.#rules?.capabilities(family, existingSet));
        if (known !== undefined) this.#capabilities.set(family, known);
        return known;
      },
    };
    return rulePlanner({
      config,
      driver: driver as unknown as IptablesRulesDriver,
      podCidrs: () => [],
      log: silentLog,
    });
  }

  async setInterfaces(addresses: readonly string[]): Promise<void> {
    const additions = addresses.map((address) => {
      return `address add ${address}/${address.includes(':') ? '128 nodad' : '32'} dev ${nodeInterface}`;
    });
    if (this.#interfaces === addresses.join()) return;
    this.#interfaces = addresses.join();
    const batch = [`address flush dev ${nodeInterface}`, ...additions].join('\n');
    await this.#shell.run(`ip -batch - <<'END'\n${batch}\nEND`);
  }

  async runCommands(lines: readonly string[]): Promise<void> {
    this.#saves.forget();
    await this.#shell.run(
      ['set -e', ...lines.map((line) => (line === 'all-sets' ? makeAllSets() : line)), 'set +e'].join('\n'),
    );
  }

  setConnections(): never {
    throw new Error('connections of real servers cannot be set in a real kernel');
  }

  async addFlows(flows: readonly string[]): Promise<void> {
    this.#hasFlows = true;
    await this.#shell.run(flows.map(flowInsertion).join('; '));
  }

  failOnce(): never {
    throw new Error('a real kernel does not fail when asked to');
  }

  normalize(line: string): string {
    return normalizedRule(line);
  }

  async read(): Promise<readonly string[]> {
    const [servers = '', addresses = '', sets = ''] = await this.#outputs(
      'ipvsadm -Sn',
      'ip -o address show dev kube-ipvs0',
      'ipset save',
    );
    const serverLines = servers.split('\n').map((line) => line.trim());
    const rules = (await Promise.all(ipFamilies.map((family) => this.#readRules(family)))).flat();
    const flows = this.#hasFlows ? flowLines(await this.#shell.run('conntrack -L -p udp 2>/dev/null')) : [];
    const kernelLines = [...boundLines(addresses), ...setLines(sets), ...rules, ...flows];
    return [...serverLines.filter((line) => line !== ''), ...kernelLines];
  }

  async #readRules(family: IpFamily): Promise<readonly string[]> {
    const flavour = await this.#rules?.flavour();
    const file = `${family === 'IPv4' ? 'iptables' : 'ip6tables'}-${flavour}-save`;
    const { stdout, exitCode, stderr } = await this.#saves.run({ file, parameters: [] });
    if (exitCode !== 0) throw new Error(`${file}: exit ${exitCode}: ${stderr}`);
    return ruleLines(family, stdout);
  }

  /** What the commands print, one after the other; starting them in one go saves time. */
  async #outputs(...commands: readonly string[]): Promise<readonly string[]> {
    return (await this.#shell.run(commands.join(`; printf '\\003'; `))).split('\x03');
  }

  takeWrites(): readonly string[] {
    return this.#writes.splice(0);
  }
}

/** The sets as kube-proxy makes them. */
function makeAllSets(): string {
  const lines = ipFamilies.flatMap(allIpSets).map(({ name, type, family }) => {
    if (type === 'bitmap:port') return `create ${name} ${type} range 0-65535`;
    return `create ${name} ${type} family ${family === 'IPv6' ? 'inet6' : 'inet'} hashsize 1024 maxelem 65536`;
  });
  return `ipset -exist restore <<'END'\n${lines.join('\n')}\nEND`;
}
