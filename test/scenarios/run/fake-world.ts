import type { ProxyConfig } from '../../../src/config/config.ts';
import type { IptablesRulesDriver } from '../../../src/kernel/rules/driver.ts';
import type { TrackedFlow } from '../../../src/kernel/drivers.ts';
import type { RuleCapabilities, RuleSet } from '../../../src/model/rule-set.ts';
import type { ObservedRealServer } from '../../../src/model/real-server.ts';
import type { VirtualServer, VirtualServerIdentity } from '../../../src/model/virtual-server.ts';
import type { ConnectionCount } from '../format/scenario.ts';
import type { World } from './world.ts';
import { rulePlanner } from '../../../src/app/rounds/rule-planner.ts';
import { ip } from '../../support/builders.ts';
import { FakeKernel } from '../../support/fake-kernel.ts';
import { formatEndpoint, virtualServerFlags } from '../../../src/model/virtual-server.ts';
import { silentLog } from '../../../src/observe/log.ts';
import { runOnFake } from './fake-commands.ts';
import { rulesWithoutComments } from './rules-without-comments.ts';

const protocolOptions = { TCP: '-t', UDP: '-u', SCTP: '--sctp-service' } as const;

const capabilities: RuleCapabilities = { randomFully: true, missing: new Set() };
/** All that planning rules asks a driver for. */
const capableDriver = { capabilities: async () => capabilities } as unknown as IptablesRulesDriver;

/** The fake kernel, shown as the tools would show it. */
export class FakeWorld implements World {
  readonly kernel = new FakeKernel();
  readonly #failures = new Set<string>();

  constructor() {
    this.kernel.failWhen = (description) => this.#failures.delete(description);
  }

  get drivers() {
    return this.kernel.drivers;
  }

  planRules(config: ProxyConfig) {
    return rulePlanner({ config, driver: capableDriver, podCidrs: () => [], log: silentLog });
  }

  async setInterfaces(addresses: readonly string[]): Promise<void> {
    this.kernel.nodeAddresses = addresses.map(ip);
  }

  async runCommands(lines: readonly string[]): Promise<void> {
    for (const line of lines) await runOnFake(this.kernel, line);
    this.kernel.writes.length = 0;
  }

  setConnections({ virtualServer, realServer, active, inactive }: ConnectionCount): void {
    const found = [...this.kernel.servers.values()].find(
      (server) => identityText(server.virtualServer.identity) === virtualServer,
    );
    this.kernel.setConnections(found?.virtualServer.key ?? virtualServer, realServer, active, inactive);
  }

  async addFlows(flows: readonly string[]): Promise<void> {
    this.kernel.flows = [...this.kernel.flows, ...flows.map(flowOf)];
  }

  failOnce(description: string): void {
    this.#failures.add(description);
  }

  async read(): Promise<readonly string[]> {
    const { servers, addresses, sets, rules, flows } = this.kernel;
    if (this.#failures.size > 0) throw new Error(`nothing was done that could fail: ${[...this.#failures].join(', ')}`);
    return [
      ...[...servers.values()].flatMap(({ virtualServer, realServers }) =>
        serverLines(virtualServer, [...realServers.values()]),
      ),
      ...[...addresses].map((address) => `bound ${address}`),
      ...[...sets].flatMap(([name, { entries }]) => [...entries.keys()].map((entry) => `${name} ${entry}`)),
      ...[...rules.values()].flatMap((text) => rulesWithoutComments(JSON.parse(text) as RuleSet)),
      ...flows.map(flowText),
    ];
  }

  normalize(line: string): string {
    return line;
  }

  takeWrites(): readonly string[] {
    return this.kernel.writes.splice(0);
  }
}

/** As `ipvsadm -Sn` prints it. */
function serverLines(server: VirtualServer, realServers: readonly ObservedRealServer[]): readonly string[] {
  const identity = identityText(server.identity);
  const persistence = server.persistenceTimeoutSeconds > 0 ? ` -p ${server.persistenceTimeoutSeconds}` : '';
  const flags = [
    ...((server.flags & virtualServerFlags.schedulerFallback) === 0 ? [] : [`${server.scheduler}-fallback`]),
    ...((server.flags & virtualServerFlags.schedulerPort) === 0 ? [] : [`${server.scheduler}-port`]),
  ];
  const schedulerFlags = flags.length > 0 ? ` -b ${flags.join(',')}` : '';
  return [
    `-A ${identity} -s ${server.scheduler}${persistence}${schedulerFlags}`,
    ...realServers.map(({ key, weight }) => `-a ${identity} -r ${key} -m -w ${weight}`),
  ];
}

function identityText(identity: VirtualServerIdentity): string {
  if (identity.kind === 'firewallMark') return `-f ${identity.firewallMark}`;
  return `${protocolOptions[identity.protocol]} ${formatEndpoint(identity.address, identity.port)}`;
}

const flowPattern = /^(\S+):(\d+) -> (\S+):(\d+) via (\S+):(\d+)$/;

function flowOf(text: string): TrackedFlow {
  const [whole, source = '', sourcePort, destination = '', port, server = '', serverPort] =
    flowPattern.exec(text) ?? [];
  if (whole === undefined) throw new Error(`"${text}" is not "CLIENT:PORT -> ADDRESS:PORT via ADDRESS:PORT"`);
  const address = (part: string) => ip(part.replace(/[[\]]/g, ''));
  return {
    protocol: 'UDP',
    originalSource: address(source),
    originalSourcePort: Number(sourcePort),
    originalDestination: address(destination),
    originalDestinationPort: Number(port),
    replySource: address(server),
    replySourcePort: Number(serverPort),
  };
}

function flowText(flow: TrackedFlow): string {
  const client = formatEndpoint(flow.originalSource, flow.originalSourcePort);
  const destination = formatEndpoint(flow.originalDestination, flow.originalDestinationPort);
  return `flow ${client} -> ${destination} via ${formatEndpoint(flow.replySource, flow.replySourcePort)}`;
}
