import type { TrafficSettings } from '../../config/config.ts';
import type { ScannedRealServer, TableVisitor } from '../../kernel/drivers.ts';
import type { TrafficCounters } from '../../model/real-server.ts';
import type { VirtualServer, VirtualServerKey } from '../../model/virtual-server.ts';
import type { ConnectionTraffic, PortTraffic, TrafficView } from '../../observe/traffic-metrics.ts';
import { formatEndpoint } from '../../model/virtual-server.ts';
import { labelText } from '../../observe/metric-section.ts';

/** Labels of a Service port. */
export interface ServicePortLabels {
  readonly namespace: string;
  readonly service: string;
  readonly port: string;
  readonly protocol: string;
}

export interface TrafficBookOptions {
  readonly settings: () => TrafficSettings;
  /** The Service port that a virtual server is for; undefined for those of others, which are not shown. */
  readonly ownerOf: (virtualServer: VirtualServer) => ServicePortLabels | undefined;
  readonly nowMs: () => number;
}

/** What is kept of a virtual server: what the kernel had counted when it was last read, and its connections. */
interface ServerEntry {
  owner: ServicePortLabels;
  port: PortEntry;
  /** Blank where the bound on series leaves it out. */
  labels: string;
  readonly counted: number[];
  shown: Connections;
  /** What the reading in progress has found. */
  found: Connections;
  reading: number;
}

interface PortEntry {
  readonly labels: string;
  readonly totals: number[];
  shown: ReadonlyMap<string, ConnectionTraffic>;
  found: Map<string, ConnectionTraffic>;
  reading: number;
}

type Connections = Pick<ConnectionTraffic, 'active' | 'inactive'>;

/** Series that one object of each kind has. */
const seriesOf = { port: 5, virtualServer: 2, endpoint: 2 };
const none: Connections = { active: 0, inactive: 0 };
const others: ServicePortLabels = { namespace: '', service: '', port: '', protocol: '' };

/**
 * Traffic of Services, from readings of the kernel's whole table that are made anyway to compare it. Totals of a Service
 * port are those of all its virtual servers, and go on growing when one of them is made anew. They begin with what the
 * kernel has counted before. Holds as many labelled series as the settings allow; whoever came first stays.
 */
export class TrafficBook implements TrafficView {
  readonly #options: TrafficBookOptions;
  readonly #servers = new Map<VirtualServerKey, ServerEntry>();
  readonly #ports = new Map<string, PortEntry>();
  readonly #rest = newPort(labelText({ ...others }));
  readonly #portsLeftOut = new Set<string>();
  #serversLeftOut = 0;
  #endpointsLeftOut = 0;
  /** Series that there still is room for. */
  #room = 0;
  #reading = 0;
  readAtMs: number | undefined;

  constructor(options: TrafficBookOptions) {
    this.#options = options;
  }

  get level(): TrafficView['level'] {
    return this.#options.settings().level;
  }

  /** Reads along with `visitor` while `scan` shows it the whole table. Where nothing is to be shown nothing is kept. */
  async readAlong(visitor: TableVisitor, scan: (visitor: TableVisitor) => Promise<void>): Promise<void> {
    if (this.level === 'off') {
      this.#forgetAll();
      return await scan(visitor);
    }
    this.#begin();
    await scan({
      virtualServer: (virtualServer, counters) => {
        visitor.virtualServer(virtualServer, counters);
        this.#virtualServer(virtualServer, counters);
      },
      realServers: (key, realServers) => {
        visitor.realServers(key, realServers);
        this.#realServers(key, realServers);
      },
      ...(visitor.pause && { pause: visitor.pause }),
    });
    this.#end();
  }

  *ports(): Iterable<PortTraffic> {
    yield* this.#ports.values();
    if (this.#rest.reading > 0) yield this.#rest;
  }

  *virtualServers(): Iterable<ConnectionTraffic> {
    for (const { labels, shown } of this.#servers.values()) if (labels !== '') yield { labels, ...shown };
  }

  *endpoints(): Iterable<ConnectionTraffic> {
    for (const { shown } of this.#ports.values()) yield* shown.values();
  }

  leftOut(): readonly (readonly [kind: string, count: number])[] {
    return [
      ['service_port', this.#portsLeftOut.size],
      ['virtual_server', this.#serversLeftOut],
      ['endpoint', this.#endpointsLeftOut],
    ];
  }

  /** Those that are known have their room already; endpoints are taken anew in each reading. */
  #begin(): void {
    const { maxSeries } = this.#options.settings();
    if (this.#takenSeries() > maxSeries) this.#forgetAll();
    this.#room = maxSeries - this.#takenSeries();
    this.#reading += 1;
    this.#portsLeftOut.clear();
    this.#serversLeftOut = 0;
    this.#endpointsLeftOut = 0;
    for (const port of this.#ports.values()) port.found = new Map();
  }

  #takenSeries(): number {
    let series = this.#ports.size * seriesOf.port;
    for (const { labels } of this.#servers.values()) if (labels !== '') series += seriesOf.virtualServer;
    return series;
  }

  #virtualServer(virtualServer: VirtualServer, counters: TrafficCounters): void {
    const owner = this.#options.ownerOf(virtualServer);
    if (owner === undefined) return;
    const entry = this.#entryOf(virtualServer, owner);
    entry.reading = this.#reading;
    entry.port.reading = this.#reading;
    entry.found = none;
    const { counted, port } = entry;
    for (const [index, now] of totalsOf(counters).entries()) {
      const before = counted[index] ?? 0;
      // One that is smaller than before was reset, or its virtual server was made anew.
      port.totals[index] = (port.totals[index] ?? 0) + (now >= before ? now - before : now);
      counted[index] = now;
    }
  }

  /** The entry of a virtual server, with labels as far as there is room for them now. */
  #entryOf({ key, identity }: VirtualServer, owner: ServicePortLabels): ServerEntry {
    const entry = this.#servers.get(key) ?? newServer(owner, this.#rest);
    this.#servers.set(key, entry);
    if (!isSamePort(entry.owner, owner)) {
      entry.owner = owner;
      entry.port = this.#rest;
      entry.labels = '';
    }
    if (entry.labels !== '') return entry;
    if (entry.port === this.#rest) entry.port = this.#portOf(owner);
    if (entry.port !== this.#rest && identity.kind === 'address' && this.#takes(seriesOf.virtualServer)) {
      const address = formatEndpoint(identity.address, identity.port);
      entry.labels = `${entry.port.labels},${labelText({ address })}`;
    } else {
      this.#serversLeftOut += 1;
    }
    return entry;
  }

  #portOf(owner: ServicePortLabels): PortEntry {
    const { namespace, service, port: name, protocol } = owner;
    const key = `${namespace}/${service}/${name}/${protocol}`;
    const known = this.#ports.get(key);
    if (known !== undefined) return known;
    if (!this.#takes(seriesOf.port)) {
      this.#portsLeftOut.add(key);
      return this.#rest;
    }
    const port = newPort(labelText({ ...owner }));
    this.#ports.set(key, port);
    return port;
  }

  #realServers(key: VirtualServerKey, realServers: readonly ScannedRealServer[]): void {
    const entry = this.#servers.get(key);
    if (entry === undefined) return;
    entry.found = realServers.reduce(plus, none);
    if (this.level === 'endpoint') for (const realServer of realServers) this.#endpoint(entry.port, realServer);
  }

  #endpoint(port: PortEntry, realServer: ScannedRealServer): void {
    const known = port.found.get(realServer.key);
    if (known === undefined && (port === this.#rest || !this.#takes(seriesOf.endpoint))) {
      this.#endpointsLeftOut += 1;
      return;
    }
    const labels = known?.labels ?? `${port.labels},${labelText({ endpoint: realServer.key })}`;
    port.found.set(realServer.key, { labels, ...plus(known ?? none, realServer) });
  }

  #takes(series: number): boolean {
    if (this.#room < series) return false;
    this.#room -= series;
    return true;
  }

  /** What was found is shown from now on, all at once; who was not seen is gone. */
  #end(): void {
    for (const [key, entry] of this.#servers) {
      if (entry.reading !== this.#reading) this.#servers.delete(key);
      entry.shown = entry.found;
    }
    for (const [key, port] of this.#ports) {
      if (port.reading !== this.#reading) this.#ports.delete(key);
      port.shown = port.found;
      port.found = new Map();
    }
    this.readAtMs = this.#options.nowMs();
  }

  #forgetAll(): void {
    this.#servers.clear();
    this.#ports.clear();
    this.#rest.totals.fill(0);
    this.#rest.reading = 0;
    this.readAtMs = undefined;
  }
}

function isSamePort(one: ServicePortLabels, other: ServicePortLabels): boolean {
  return (
    one.service === other.service &&
    one.namespace === other.namespace &&
    one.port === other.port &&
    one.protocol === other.protocol
  );
}

function newServer(owner: ServicePortLabels, port: PortEntry): ServerEntry {
  return { owner, port, labels: '', counted: [], shown: none, found: none, reading: 0 };
}

function newPort(labels: string): PortEntry {
  return { labels, totals: [0, 0, 0, 0, 0], shown: new Map(), found: new Map(), reading: 0 };
}

function plus(sum: Connections, { activeConnections, inactiveConnections }: ScannedRealServer): Connections {
  return { active: sum.active + activeConnections, inactive: sum.inactive + inactiveConnections };
}

function totalsOf(counters: TrafficCounters): readonly number[] {
  const { connections, incomingPackets, outgoingPackets, incomingBytes, outgoingBytes } = counters;
  return [connections, incomingPackets, outgoingPackets, incomingBytes, outgoingBytes].map(Number);
}
