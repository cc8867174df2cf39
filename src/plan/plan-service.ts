import type { ProxyConfig } from '../config/config.ts';
import type { EndpointSlice } from '../kubernetes/objects/endpoint-slice.ts';
import type { Service, ServicePort } from '../kubernetes/objects/service.ts';
import type { IpAddress, IpFamily } from '../model/ip.ts';
import type { IpSetEntry } from '../model/ip-set.ts';
import type { RealServer, RealServerKey } from '../model/real-server.ts';
import type { VirtualServer } from '../model/virtual-server.ts';
import type { SetRole } from './ip-sets.ts';
import type { NodeFacts } from './node-facts.ts';
import type {
  OutputFilterException,
  PlannedSetEntry,
  PlannedVirtualServer,
  PlanNote,
  ServicePlan,
} from './service-plan.ts';
import type { PortEndpoint, UsableEndpoints } from './usable-endpoints.ts';
import { addressBits, familyOf, isInCidr, prefixLengthOf, unservableReason } from '../model/ip.ts';
import {
  addressEntry,
  addressPortAddressEntry,
  addressPortEntry,
  addressPortNetworkEntry,
  portEntry,
} from '../model/ip-set.ts';
import { masqueradingRealServer } from '../model/real-server.ts';
import { virtualServerFlags, virtualServerKey } from '../model/virtual-server.ts';
import { addressNotes } from './address-notes.ts';
import { endpointNotes } from './endpoint-notes.ts';
import { isExternalPolicyLocal, isLocalLoadBalancer } from './external-policy.ts';
import { placeOfNode, rotated } from './node-rotation.ts';
import { portEndpoints } from './port-endpoints.ts';
import { choosesByOrder, schedulerFlags } from './scheduler-traits.ts';
import { usableEndpoints } from './usable-endpoints.ts';

/** A Service with the slices that belong to it. */
export interface ServiceInput {
  readonly service: Service;
  /** In name order. */
  readonly slices: readonly EndpointSlice[];
}

/** The parts of the configuration that decide a plan. */
export type PlanConfig = Pick<ProxyConfig, 'ipvs' | 'proxier' | 'featureGates'>;

/**
 * What a Service wants on this node. Pure: same input, same plan; costs what the Service costs, whatever the cluster.
 * Headless and ExternalName Services want nothing. Source: Service API; docs/behaviour.md.
 */
export function planService(input: ServiceInput, node: NodeFacts, config: PlanConfig): ServicePlan {
  const draft = new PlanDraft(input, node, config);
  if (input.service.type !== 'ExternalName') {
    for (const family of node.families) draft.addFamily(family);
  }
  return draft.finish();
}

/** Collects the plan of one Service, family by family and port by port. */
class PlanDraft {
  readonly #service: Service;
  readonly #slices: readonly EndpointSlice[];
  readonly #node: NodeFacts;
  readonly #config: PlanConfig;
  readonly #virtualServers: PlannedVirtualServer[] = [];
  readonly #boundAddresses = new Set<IpAddress>();
  readonly #setEntries = new Map<string, PlannedSetEntry>();
  readonly #outputFilters: OutputFilterException[] = [];
  readonly #notes: PlanNote[] = [];
  readonly #localReady = new Set<IpAddress>();
  /** Where lists of real servers begin on this node. */
  readonly place: number;

  constructor(input: ServiceInput, node: NodeFacts, config: PlanConfig) {
    this.#service = input.service;
    this.#slices = input.slices;
    this.#node = node;
    this.#config = config;
    this.place = choosesByOrder(config.ipvs.scheduler) ? 0 : placeOfNode(node.nodeName);
  }

  addFamily(family: IpFamily): void {
    const clusterIp = this.#service.clusterIps.find((address) => familyOf(address) === family);
    if (clusterIp === undefined) return this.#noteWithoutFamily(family);
    const slices = this.#slices.filter((slice) => slice.family === family);
    for (const note of endpointNotes(slices, this.#node)) this.note(note);
    for (const port of this.#service.ports) new PortDraft(this, port, family).addAll(clusterIp);
    const health = this.#healthCheckNodePort();
    if (health !== 0) this.addSetEntry('healthCheckNodePort', family, portEntry(health));
  }

  finish(): ServicePlan {
    if (isLocalLoadBalancer(this.#service) && this.#service.healthCheckNodePort === 0) {
      const message = 'external traffic policy is Local and there is no healthCheckNodePort for load balancers to ask';
      this.note({ code: 'noHealthCheckPort', message });
    }
    return {
      key: this.#service.key,
      creationTimeMs: this.#service.creationTimeMs,
      virtualServers: this.#virtualServers,
      boundAddresses: [...this.#boundAddresses],
      setEntries: [...this.#setEntries.values()],
      outputFilters: this.#outputFilters,
      healthCheckNodePort: this.#healthCheckNodePort(),
      localReadyEndpoints: countByFamily(this.#localReady),
      notes: this.#notes,
    };
  }

  /** Addresses of a family that the Service does not have otherwise. */
  #noteWithoutFamily(family: IpFamily): void {
    if (this.#service.clusterIps.length === 0) return;
    for (const address of [...this.externalIps, ...this.#service.loadBalancerIps]) {
      if (familyOf(address) !== family) continue;
      this.note(addressNotes.withoutFamily(address, family));
    }
  }

  #healthCheckNodePort(): number {
    return isLocalLoadBalancer(this.#service) ? this.#service.healthCheckNodePort : 0;
  }

  get service(): Service {
    return this.#service;
  }

  /** None where the cluster does not allow them. */
  get externalIps(): readonly IpAddress[] {
    return this.#config.featureGates.AllowServiceExternalIPs === false ? [] : this.#service.externalIps;
  }

  get slices(): readonly EndpointSlice[] {
    return this.#slices;
  }

  get node(): NodeFacts {
    return this.#node;
  }

  get config(): PlanConfig {
    return this.#config;
  }

  addVirtualServer(planned: PlannedVirtualServer): void {
    this.#virtualServers.push(planned);
  }

  addSetEntry(role: SetRole, family: IpFamily, entry: IpSetEntry): void {
    this.#setEntries.set(`${role} ${family} ${entry.text}`, { role, family, entry });
  }

  addOutputFilter(exception: OutputFilterException): void {
    this.#outputFilters.push(exception);
  }

  countLocalReady(endpoint: PortEndpoint): void {
    if (endpoint.local && endpoint.endpoint.ready) this.#localReady.add(endpoint.endpoint.address);
  }

  /** Once, however many addresses and ports it is true of. */
  note(note: PlanNote): void {
    const text = JSON.stringify(note);
    if (!this.#notes.some((known) => JSON.stringify(known) === text)) this.#notes.push(note);
  }

  /** Binds an address on the dummy interface, unless it is not ours to have. Returns whether traffic may be taken. */
  bind(address: IpAddress, family: IpFamily): boolean {
    const reason = unservableReason(address);
    if (reason !== undefined) {
      this.note(addressNotes.notBindable(address, reason));
      return false;
    }
    if (this.#node.foreignAddresses.has(address)) return true;
    if (this.#node.otherNodeAddresses.has(address)) {
      this.note(addressNotes.ofOthers(address));
      return false;
    }
    this.#boundAddresses.add(address);
    this.addSetEntry('ipvsIps', family, addressEntry(address));
    return true;
  }

  /**
   * As `bind`, for addresses that somebody chose. That of an endpoint, such as a pod in the network of another node,
   * would make the endpoint itself unreachable from here.
   */
  bindExternal(address: IpAddress, family: IpFamily): boolean {
    if (this.#boundAddresses.has(address)) return true;
    if (!this.#isEndpoint(address) || this.#node.foreignAddresses.has(address)) return this.bind(address, family);
    this.note(addressNotes.ofEndpoint(address));
    return false;
  }

  /** Tells of an external IP of this node, unless its endpoint is there as well, which is how such Services are meant. */
  noteAddressOfNode(address: IpAddress): void {
    if (!this.#node.foreignAddresses.has(address) || this.#isEndpoint(address)) return;
    this.note(addressNotes.ofNode(address));
  }

  #isEndpoint(address: IpAddress): boolean {
    return this.#slices.some(({ endpoints }) => endpoints.some((endpoint) => endpoint.address === address));
  }
}

/** Collects what one service port wants in one family. */
class PortDraft {
  readonly #plan: PlanDraft;
  readonly #port: ServicePort;
  readonly #family: IpFamily;
  readonly #endpoints: ReadonlyMap<RealServerKey, PortEndpoint>;
  readonly #usable: UsableEndpoints;
  readonly #externalLocal: boolean;
  readonly #clusterServers: readonly RealServer[];
  readonly #localServers: readonly RealServer[];

  constructor(plan: PlanDraft, port: ServicePort, family: IpFamily) {
    this.#plan = plan;
    this.#port = port;
    this.#family = family;
    this.#endpoints = portEndpoints(plan.slices, port, family, plan.node.nodeName);
    this.#usable = usableEndpoints([...this.#endpoints.values()], plan.node);
    this.#externalLocal = isExternalPolicyLocal(plan.service);
    this.#clusterServers = this.#realServers(this.#usable.cluster, noKnownServers);
    this.#localServers = this.#localServersLike(this.#clusterServers);
  }

  addAll(clusterIp: IpAddress): void {
    for (const endpoint of this.#endpoints.values()) this.#addLocalEndpoint(endpoint);
    this.#addClusterIp(clusterIp);
    for (const address of this.#ofFamily(this.#plan.externalIps)) this.#addExternalIp(address);
    for (const address of this.#ofFamily(this.#plan.service.loadBalancerIps)) this.#addLoadBalancerIp(address);
    if (this.#port.nodePort !== 0) this.#addNodePort();
  }

  #addLocalEndpoint(endpoint: PortEndpoint): void {
    if (!endpoint.local) return;
    this.#plan.countLocalReady(endpoint);
    const { address } = endpoint.endpoint;
    const entry = addressPortAddressEntry(address, this.#port.protocol, endpoint.port, address);
    this.#plan.addSetEntry('loopBack', this.#family, entry);
  }

  #addClusterIp(address: IpAddress): void {
    if (!this.#plan.bind(address, this.#family)) return;
    if (this.#plan.node.foreignAddresses.has(address)) this.#plan.note(addressNotes.clusterIpOfNode(address));
    this.#addEntry('clusterIp', address);
    const local = this.#plan.service.internalTrafficPolicy === 'Local';
    if (local && this.#localServers.length === 0) this.#noteNoLocalEndpoint('internal');
    this.#addFrontend(address, this.#port.port, local ? this.#localServers : this.#clusterServers);
  }

  #addExternalIp(address: IpAddress): void {
    if (!this.#plan.bindExternal(address, this.#family)) return;
    this.#plan.noteAddressOfNode(address);
    this.#addEntry(this.#externalLocal ? 'externalIpLocal' : 'externalIp', address);
    this.#addFrontend(address, this.#port.port, this.#externalServers());
  }

  #addLoadBalancerIp(address: IpAddress): void {
    if (!this.#plan.bindExternal(address, this.#family)) return;
    this.#addEntry('loadBalancer', address);
    if (this.#externalLocal) this.#addEntry('loadBalancerLocal', address);
    this.#addSourceRanges(address);
    this.#addFrontend(address, this.#port.port, this.#externalServers());
  }

  /** The ranges that may reach a load balancer address; none, or one that holds everything, lets everybody in. */
  #addSourceRanges(address: IpAddress): void {
    const { protocol, port } = this.#port;
    const { loadBalancerSourceRanges } = this.#plan.service;
    const ranges = loadBalancerSourceRanges.filter((range) => familyOf(range) === this.#family);
    if (ranges.length === 0 && loadBalancerSourceRanges.length > 0) {
      this.#plan.note(addressNotes.withoutSourceRange(address, this.#family));
    }
    if (ranges.length === 0 || ranges.some((range) => prefixLengthOf(range) === 0)) return;
    this.#addEntry('loadBalancerFirewall', address);
    for (const range of ranges) {
      const entry = addressPortNetworkEntry(address, protocol, port, range);
      this.#plan.addSetEntry('loadBalancerSourceCidr', this.#family, entry);
    }
    const nodeIp = this.#plan.node.nodeIps[this.#family];
    if (ranges.some((range) => isInCidr(nodeIp, range))) {
      const entry = addressPortAddressEntry(address, protocol, port, address);
      this.#plan.addSetEntry('loadBalancerSourceIp', this.#family, entry);
    } else {
      this.#plan.addOutputFilter({ address, protocol, port });
    }
  }

  #addNodePort(): void {
    const addresses = this.#ofFamily(this.#plan.node.nodePortAddresses);
    if (addresses.length === 0) return;
    const { nodePort, protocol } = this.#port;
    if (protocol === 'SCTP') {
      for (const address of addresses) {
        const entry = addressPortEntry(address, protocol, nodePort);
        this.#plan.addSetEntry('nodePortSctp', this.#family, entry);
        if (this.#externalLocal) this.#plan.addSetEntry('nodePortLocalSctp', this.#family, entry);
      }
    } else {
      const roles = protocol === 'TCP' ? tcpNodePortRoles : udpNodePortRoles;
      this.#plan.addSetEntry(roles.all, this.#family, portEntry(nodePort));
      if (this.#externalLocal) this.#plan.addSetEntry(roles.local, this.#family, portEntry(nodePort));
    }
    const servers = this.#externalServers();
    for (const address of addresses) this.#addFrontend(address, nodePort, servers);
  }

  #addFrontend(address: IpAddress, port: number, realServers: readonly RealServer[]): void {
    this.#plan.addVirtualServer({
      virtualServer: this.#virtualServer(address, port),
      realServers,
      waiting: waitingServers(this.#endpoints, realServers),
    });
  }

  #virtualServer(address: IpAddress, port: number): VirtualServer {
    const { scheduler } = this.#plan.config.ipvs;
    const timeout = this.#plan.service.affinityTimeoutSeconds;
    const identity = { kind: 'address', address, port, protocol: this.#port.protocol } as const;
    return {
      key: virtualServerKey(identity),
      identity,
      scheduler,
      flags:
        schedulerFlags(scheduler, this.#plan.config.proxier.hashSourcePort) |
        (timeout > 0 ? virtualServerFlags.persistent : 0),
      persistenceTimeoutSeconds: timeout,
      persistencePrefixLength: addressBits(this.#family),
      persistenceEngine: '',
    };
  }

  #addEntry(role: SetRole, address: IpAddress): void {
    this.#plan.addSetEntry(role, this.#family, addressPortEntry(address, this.#port.protocol, this.#port.port));
  }

  /** Where external traffic goes; without a local endpoint the configuration says whether others take over. */
  #externalServers(): readonly RealServer[] {
    if (!this.#externalLocal) return this.#clusterServers;
    if (this.#localServers.length > 0) return this.#localServers;
    this.#noteNoLocalEndpoint('external');
    return this.#plan.config.proxier.externalPolicyFallback === 'cluster' ? this.#clusterServers : [];
  }

  #noteNoLocalEndpoint(policy: 'internal' | 'external'): void {
    if (this.#clusterServers.length === 0) return;
    const port = this.#port.name === '' ? String(this.#port.port) : this.#port.name;
    this.#plan.note({
      code: 'noLocalEndpoint',
      message: `port ${port}: ${policy} traffic policy is Local and no endpoint on this node is usable`,
      policy,
      family: this.#family,
    });
  }

  /** Servers of local endpoints; those that both policies use are one object. */
  #localServersLike(clusterServers: readonly RealServer[]): readonly RealServer[] {
    if (this.#usable.local.length === 0) return [];
    return this.#realServers(this.#usable.local, new Map(clusterServers.map((server) => [server.key, server])));
  }

  #realServers(usable: readonly PortEndpoint[], known: ReadonlyMap<RealServerKey, RealServer>): readonly RealServer[] {
    return rotated(usable, this.#plan.place).map(
      ({ key, endpoint, port }) => known.get(key) ?? masqueradingRealServer(endpoint.address, port, 1, key),
    );
  }

  #ofFamily(addresses: readonly IpAddress[]): readonly IpAddress[] {
    return addresses.filter((address) => familyOf(address) === this.#family);
  }
}

const tcpNodePortRoles = { all: 'nodePortTcp', local: 'nodePortLocalTcp' } as const;
const udpNodePortRoles = { all: 'nodePortUdp', local: 'nodePortLocalUdp' } as const;
const noKnownServers: ReadonlyMap<RealServerKey, RealServer> = new Map();
const noServers: ReadonlySet<RealServerKey> = new Set();

const noEndpoints: Readonly<Record<IpFamily, number>> = { IPv4: 0, IPv6: 0 };

function countByFamily(addresses: ReadonlySet<IpAddress>): Readonly<Record<IpFamily, number>> {
  if (addresses.size === 0) return noEndpoints;
  const counts = { IPv4: 0, IPv6: 0 };
  for (const address of addresses) counts[familyOf(address)] += 1;
  return counts;
}

/** Endpoints that are listed but not used. */
function waitingServers(
  endpoints: ReadonlyMap<RealServerKey, PortEndpoint>,
  used: readonly RealServer[],
): ReadonlySet<RealServerKey> {
  if (endpoints.size === used.length) return noServers;
  const waiting = new Set(endpoints.keys());
  for (const server of used) waiting.delete(server.key);
  return waiting;
}
