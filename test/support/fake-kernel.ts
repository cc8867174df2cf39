import type {
  AddressDriver,
  ConntrackDriver,
  IpSetDriver,
  IpvsDriver,
  ObservedIpSet,
  ObservedVirtualServer,
  OperationFailure,
  RulesDriver,
  TrackedFlow,
} from '../../src/kernel/drivers.ts';
import type { IpAddress, IpFamily } from '../../src/model/ip.ts';
import type { IpSet, IpSetEntry } from '../../src/model/ip-set.ts';
import type { Operation } from '../../src/model/operation.ts';
import type { ObservedRealServer } from '../../src/model/real-server.ts';
import type { RuleSet } from '../../src/model/rule-set.ts';
import type { VirtualServer } from '../../src/model/virtual-server.ts';
import { DriverError } from '../../src/kernel/errors.ts';
import { noTraffic } from '../../src/kernel/ipvs/decode-counters.ts';
import { describeOperation } from './describe-operation.ts';

interface Server {
  virtualServer: VirtualServer;
  readonly realServers: Map<string, ObservedRealServer>;
}

/**
 * Behaves like the kernel as the drivers show it: refuses real servers of absent virtual servers, entries of absent sets,
 * and rules that refer to absent sets. Any operation can be made to fail.
 */
export class FakeKernel {
  readonly servers = new Map<string, Server>();
  readonly addresses = new Set<IpAddress>();
  nodeAddresses: IpAddress[] = [];
  readonly sets = new Map<string, { readonly set: IpSet; readonly entries: Map<string, IpSetEntry> }>();
  readonly rules = new Map<IpFamily, string>();
  flows: TrackedFlow[] = [];
  hasInterface = false;
  /** Every change made, in order, as `kind object`. */
  readonly writes: string[] = [];
  /** Number of datagrams (driver calls with at least one operation). */
  batches = 0;
  /** Number of times that all virtual servers were listed with their real servers. */
  fullReads = 0;
  /** Decides whether an operation fails. */
  failWhen: (description: string) => boolean = () => false;

  readonly #digests = new Map<string, number>();

  readonly ipvs: IpvsDriver = {
    list: async () => {
      this.fullReads++;
      return [...this.servers.values()].map(
        (server): ObservedVirtualServer => ({
          virtualServer: server.virtualServer,
          realServers: [...server.realServers.values()],
          counters: noTraffic,
        }),
      );
    },
    scan: async (visitor) => {
      for (const { virtualServer } of this.servers.values()) visitor.virtualServer(virtualServer, noTraffic);
      for (const { virtualServer, realServers } of this.servers.values()) {
        await visitor.pause?.();
        const { key } = virtualServer;
        const servers = [...realServers.values()];
        const digest = this.#digestOf(servers.map((each) => `${each.key} ${each.forwarding} ${each.weight}`).join());
        if (!visitor.knows?.(key, digest)) visitor.realServers(key, servers, digest);
      }
    },
    listRealServers: async (virtualServers) =>
      virtualServers.map(({ key }) => [...(this.servers.get(key)?.realServers.values() ?? [])]),
    apply: async (operations) => this.#applyAll(operations),
    timeouts: async () => ({ tcpSeconds: 900, tcpFinSeconds: 120, udpSeconds: 300 }),
    setTimeouts: async () => {},
  };

  readonly address: AddressDriver = {
    ensureInterface: async () => {
      const made = !this.hasInterface;
      this.hasInterface = true;
      return made;
    },
    list: async () => [...this.addresses],
    listNodeAddresses: async () => this.nodeAddresses,
    apply: async (operations) => this.#applyAll(operations),
  };

  readonly ipset: IpSetDriver = {
    list: async (names) =>
      names.flatMap((name): ObservedIpSet[] => {
        const found = this.sets.get(name);
        if (found === undefined) return [];
        const { type, family, maxElements } = found.set;
        return [{ name, type, family, maxElements, entries: [...found.entries.values()] }];
      }),
    apply: async (operations) => this.#applyAll(operations),
    replaceSet: async (set, entries) => {
      this.#note(`replaceSet ${set.name}`);
      this.sets.set(set.name, { set, entries: new Map(entries.map((entry) => [entry.text, entry])) });
    },
    destroy: async (names) => {
      for (const name of names) this.sets.delete(name);
      return [];
    },
  };

  readonly rulesDriver: RulesDriver = {
    families: async () => ['IPv4', 'IPv6'],
    compare: async (rules) =>
      this.rules.get(rules.family) === JSON.stringify(rules)
        ? []
        : [{ family: rules.family, table: 'nat', chain: 'KUBE-SERVICES', problem: 'differs' }],
    apply: async (rules) => this.#applyRules(rules),
    remove: async (rules) => {
      this.rules.delete(rules.family);
    },
  };

  readonly conntrack: ConntrackDriver = {
    listUdpFlows: async () => this.flows,
    deleteFlows: async (flows) => {
      this.#note(`deleteFlows ${flows.length}`);
      this.flows = this.flows.filter((flow) => !flows.includes(flow));
      return flows.length;
    },
  };

  get drivers() {
    const { ipvs, address, ipset, rulesDriver: rules, conntrack } = this;
    return { ipvs, address, ipset, rules, conntrack };
  }

  /** Gives a real server connections, so that it has something to drain. */
  setConnections(virtualServer: string, realServer: string, active: number, inactive = 0): void {
    this.changeRealServer(virtualServer, realServer, { activeConnections: active, inactiveConnections: inactive });
  }

  /** Changes a real server behind the back of the drivers. */
  changeRealServer(virtualServer: string, realServer: string, change: Partial<ObservedRealServer>): void {
    const servers = this.servers.get(virtualServer)?.realServers;
    const present = servers?.get(realServer);
    if (servers === undefined || present === undefined) throw new Error(`no real server ${realServer}`);
    servers.set(realServer, { ...present, ...change });
  }

  /** Changes a virtual server behind the back of the drivers. */
  changeVirtualServer(key: string, change: Partial<VirtualServer>): void {
    const server = this.servers.get(key);
    if (server === undefined) throw new Error(`no virtual server ${key}`);
    server.virtualServer = { ...server.virtualServer, ...change };
  }

  /** The whole state as sorted lines, for comparing. */
  describe(): string[] {
    const lines = [...this.addresses].map((address) => `address ${address}`);
    for (const { virtualServer, realServers } of this.servers.values()) {
      const { key, scheduler, flags, persistenceTimeoutSeconds } = virtualServer;
      lines.push(`virtual ${key} ${scheduler} flags=${flags} timeout=${persistenceTimeoutSeconds}`);
      for (const server of realServers.values()) lines.push(`real ${key} -> ${server.key} weight=${server.weight}`);
    }
    for (const [name, { entries }] of this.sets) for (const text of entries.keys()) lines.push(`entry ${name} ${text}`);
    return lines.sort();
  }

  #applyAll(operations: readonly Operation[]): OperationFailure[] {
    if (operations.length > 0) this.batches++;
    const failures: OperationFailure[] = [];
    for (const [index, operation] of operations.entries()) {
      const problem = this.#apply(operation);
      if (problem === undefined) continue;
      const error = new DriverError('ipvs', describeOperation(operation), { errnoName: problem });
      failures.push({ index, error });
    }
    return failures;
  }

  #apply(operation: Operation): string | undefined {
    const description = describeOperation(operation);
    if (this.failWhen(description)) return 'EIO';
    this.#note(description);
    switch (operation.kind) {
      case 'addVirtualServer':
      case 'setVirtualServer': {
        const realServers = this.servers.get(operation.virtualServer.key)?.realServers ?? new Map();
        this.servers.set(operation.virtualServer.key, { virtualServer: operation.virtualServer, realServers });
        return undefined;
      }
      case 'deleteVirtualServer':
        this.servers.delete(operation.virtualServer.key);
        return undefined;
      case 'addRealServer':
      case 'setRealServer': {
        const servers = this.servers.get(operation.virtualServer.key)?.realServers;
        if (servers === undefined) return 'ESRCH';
        const known = servers.get(operation.realServer.key);
        servers.set(operation.realServer.key, {
          activeConnections: known?.activeConnections ?? 0,
          inactiveConnections: known?.inactiveConnections ?? 0,
          persistentConnections: 0,
          counters: noTraffic,
          ...operation.realServer,
        });
        return undefined;
      }
      case 'deleteRealServer':
        this.servers.get(operation.virtualServer.key)?.realServers.delete(operation.realServer.key);
        return undefined;
      case 'bindAddress':
        this.addresses.add(operation.address);
        return undefined;
      case 'unbindAddress':
        this.addresses.delete(operation.address);
        return undefined;
      case 'createSet':
        this.sets.set(operation.set.name, { set: operation.set, entries: new Map() });
        return undefined;
      case 'addEntry': {
        const found = this.sets.get(operation.set);
        if (found === undefined) return 'ENOENT';
        found.entries.set(operation.entry.text, operation.entry);
        return undefined;
      }
      case 'deleteEntry':
        this.sets.get(operation.set)?.entries.delete(operation.entry.text);
        return undefined;
    }
  }

  async #applyRules(rules: RuleSet): Promise<boolean> {
    const description = `rules ${rules.family}`;
    const text = JSON.stringify(rules);
    if (this.rules.get(rules.family) === text) return false;
    if (this.failWhen(description)) throw new DriverError('rules', description, { errnoName: 'EIO' });
    this.#note(description);
    this.rules.set(rules.family, text);
    return true;
  }

  /** A number for each text. */
  #digestOf(text: string): number {
    const digest = this.#digests.get(text) ?? this.#digests.size;
    this.#digests.set(text, digest);
    return digest;
  }

  #note(description: string): void {
    this.writes.push(description);
  }
}
