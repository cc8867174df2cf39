import type { IpAddress } from '../model/ip.ts';
import type { RealServer, RealServerKey } from '../model/real-server.ts';
import type { VirtualServer } from '../model/virtual-server.ts';
import type { PlannedVirtualServer, ServicePlan } from '../plan/service-plan.ts';
import { compact } from '../model/compact-list.ts';
import { realServerKey, sameRealServerSettings } from '../model/real-server.ts';

/** Real servers that differ in nothing but their address, as those of nearly all virtual servers. */
interface AlikeServers {
  /** Port and settings of all of them; its own key and address say nothing. */
  readonly pattern: RealServer;
  readonly addresses: readonly IpAddress[];
}

type PackedServers = AlikeServers | readonly RealServer[];

/**
 * A planned virtual server that is kept for long: its real servers take a few bytes each, and are made anew whenever
 * somebody asks for them. With a hundred thousand endpoints that is the difference between tens of megabytes and one.
 */
export class PackedVirtualServer implements PlannedVirtualServer {
  readonly virtualServer: VirtualServer;
  readonly waiting: ReadonlySet<RealServerKey>;
  readonly #packed: PackedServers;

  constructor(planned: PlannedVirtualServer, packed: PackedServers = pack(planned.realServers)) {
    this.virtualServer = planned.virtualServer;
    this.waiting = planned.waiting;
    this.#packed = packed;
  }

  get realServers(): readonly RealServer[] {
    return unpack(this.#packed);
  }

  get realServerCount(): number {
    return 'addresses' in this.#packed ? this.#packed.addresses.length : this.#packed.length;
  }
}

/** A plan as it is kept. */
export interface PackedPlan extends ServicePlan {
  readonly virtualServers: readonly PackedVirtualServer[];
}

/** The plan with its real servers packed. Lists that virtual servers share stay shared. */
export function packPlan(plan: ServicePlan): PackedPlan {
  const packed = new Map<readonly RealServer[], PackedServers>();
  const virtualServers = plan.virtualServers.map((planned) => {
    const known = packed.get(planned.realServers) ?? pack(planned.realServers);
    packed.set(planned.realServers, known);
    return new PackedVirtualServer(planned, known);
  });
  const { boundAddresses, setEntries, outputFilters, notes } = plan;
  return {
    ...plan,
    virtualServers,
    boundAddresses: compact(boundAddresses),
    setEntries: compact(setEntries),
    outputFilters: compact(outputFilters),
    notes: compact(notes),
  };
}

/** Patterns that were met before; there are a few, one for each port that endpoints use. */
const patterns = new Map<string, RealServer>();

function pack(realServers: readonly RealServer[]): PackedServers {
  const [first] = realServers;
  if (first === undefined || first.tunnel !== undefined || !realServers.every((server) => isAlike(server, first))) {
    return realServers;
  }
  return { pattern: patternOf(first), addresses: realServers.map(({ address }) => address) };
}

function isAlike(a: RealServer, b: RealServer): boolean {
  return a.port === b.port && sameRealServerSettings(a, b);
}

function patternOf(realServer: RealServer): RealServer {
  const { port, forwarding, weight, upperThreshold, lowerThreshold } = realServer;
  const name = [port, forwarding, weight, upperThreshold, lowerThreshold].join(' ');
  const pattern = patterns.get(name) ?? realServer;
  patterns.set(name, pattern);
  return pattern;
}

function unpack(packed: PackedServers): readonly RealServer[] {
  if (!('addresses' in packed)) return packed;
  const { pattern, addresses } = packed;
  return addresses.map((address) => ({ ...pattern, key: realServerKey(address, pattern.port), address }));
}
