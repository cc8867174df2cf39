import type {
  AddressKind,
  DrainingServer,
  ServiceLine,
  StatusEndpoint,
  StatusLine,
  StatusPort,
} from '../../model/status-protocol.ts';
import type { IpAddress } from '../../model/ip.ts';
import { formatEndpoint, type VirtualServerIdentity } from '../../model/virtual-server.ts';

/** The Service port that a virtual server is for. */
export interface ShownOwner {
  readonly namespace: string;
  readonly name: string;
  /** Empty for the only port of a Service. */
  readonly portName: string;
  readonly type: ServiceLine['type'];
  readonly from: AddressKind | 'nodePort';
  /** The one that counts for this address: the internal one for the cluster IP, else the external one. */
  readonly policy: 'Cluster' | 'Local';
}

/** The same with what is known of its endpoints. */
export interface FoundOwner {
  readonly owner: ShownOwner;
  readonly service: ServiceLine;
  readonly port: StatusPort;
}

type Addressed = Extract<VirtualServerIdentity, { readonly kind: 'address' }>;

/** What the daemon told, in a form in which it can be asked for. */
export class DaemonPicture {
  /** Name of this node; empty when the daemon did not answer. */
  readonly node: string;
  readonly #services = new Map<string, FoundOwner>();
  readonly #nodePorts = new Map<string, FoundOwner>();
  readonly #draining = new Map<string, ReadonlyMap<string, DrainingServer>>();

  /** Of several Services that claim the same address and port the first counts. */
  constructor(lines: Iterable<StatusLine>) {
    let node = '';
    for (const line of lines) {
      if (line.kind === 'node') node = line.node;
      if (line.kind === 'service') this.#takeService(line);
      if (line.kind !== 'draining') continue;
      const servers = line.realServers.map((each) => [endpointOf(each), each] as const);
      this.#draining.set(`${line.protocol} ${endpointOf(line)}`, new Map(servers));
    }
    this.node = node;
  }

  ownerOf(identity: VirtualServerIdentity): FoundOwner | undefined {
    if (identity.kind !== 'address') return undefined;
    return this.#services.get(nameOf(identity)) ?? this.#nodePorts.get(`${identity.protocol} ${identity.port}`);
  }

  /** Endpoints of a Service port by `address:port`. */
  placesOf({ service, port }: FoundOwner): ReadonlyMap<string, StatusEndpoint> {
    const places = new Map<string, StatusEndpoint>();
    for (const { ports, endpoints } of service.slices) {
      for (const target of ports.filter((each) => each.name === port.name && each.protocol === port.protocol)) {
        for (const endpoint of endpoints) {
          places.set(formatEndpoint(endpoint.address as IpAddress, target.port), endpoint); // as the daemon decoded it
        }
      }
    }
    return places;
  }

  /** Real servers of a virtual server that take no new connections, by `address:port`. */
  drainingOf(identity: VirtualServerIdentity): ReadonlyMap<string, DrainingServer> {
    return (identity.kind === 'address' ? this.#draining.get(nameOf(identity)) : undefined) ?? none;
  }

  #takeService(service: ServiceLine): void {
    const { namespace, name, type, internalTrafficPolicy, externalTrafficPolicy } = service;
    const lost = new Set(service.lost?.map((each) => `${each.protocol} ${endpointOf(each)}`));
    for (const port of service.ports) {
      const owner = { namespace, name, portName: port.name, type };
      for (const { address, from } of service.addresses) {
        const policy = from === 'clusterIP' ? internalTrafficPolicy : externalTrafficPolicy;
        const key = `${port.protocol} ${endpointOf({ address, port: port.port })}`;
        if (!lost.has(key) && !this.#services.has(key))
          this.#services.set(key, { owner: { ...owner, from, policy }, service, port });
      }
      const key = `${port.protocol} ${port.nodePort}`;
      if (port.nodePort === 0 || this.#nodePorts.has(key)) continue;
      const onNodes = { ...owner, from: 'nodePort', policy: externalTrafficPolicy } as const;
      this.#nodePorts.set(key, { owner: onNodes, service, port });
    }
  }
}

const none: ReadonlyMap<string, DrainingServer> = new Map();

function nameOf({ protocol, address, port }: Addressed): string {
  return `${protocol} ${formatEndpoint(address, port)}`;
}

function endpointOf({ address, port }: { readonly address: string; readonly port: number }): string {
  return formatEndpoint(address as IpAddress, port); // the daemon writes addresses in canonical form
}
