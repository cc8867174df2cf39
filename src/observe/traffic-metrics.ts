import type { DescribedMetric } from './described-metric.ts';
import { metricHead, type MetricSection } from './metric-section.ts';

/** Totals of one Service port; `labels` as they are written. */
export interface PortTraffic {
  readonly labels: string;
  /** Connections, packets in and out, bytes in and out: five numbers. */
  readonly totals: readonly number[];
}

/** Connections of one virtual server or endpoint; `labels` as they are written. */
export interface ConnectionTraffic {
  readonly labels: string;
  readonly active: number;
  readonly inactive: number;
}

/** What the last reading of the kernel's table has shown. */
export interface TrafficView {
  readonly level: 'off' | 'service' | 'endpoint';
  ports(): Iterable<PortTraffic>;
  virtualServers(): Iterable<ConnectionTraffic>;
  endpoints(): Iterable<ConnectionTraffic>;
  /** Objects that the bound on series leaves out, by kind. */
  leftOut(): readonly (readonly [kind: string, count: number])[];
  /** When the table was read; undefined before the first time. */
  readonly readAtMs: number | undefined;
}

const portLabels = ['namespace', 'service', 'port', 'protocol'];

const metric = (
  type: DescribedMetric['type'],
  name: string,
  help: string,
  labels: readonly string[],
): DescribedMetric => ({ type, name: `ipvs_proxier_${name}`, help, labels, buckets: [] });

const connections = metric(
  'counter',
  'service_connections_total',
  'Connections that IPVS has taken for a Service port.',
  portLabels,
);
const packets = metric('counter', 'service_packets_total', 'Packets to and from the endpoints of a Service port.', [
  ...portLabels,
  'direction',
]);
const bytes = metric('counter', 'service_bytes_total', 'Bytes to and from the endpoints of a Service port.', [
  ...portLabels,
  'direction',
]);
const ofVirtualServer = metric('gauge', 'virtual_server_connections', 'Connections of a virtual server, by state.', [
  ...portLabels,
  'address',
  'state',
]);
const ofEndpoint = metric('gauge', 'endpoint_connections', 'Connections of an endpoint of a Service port, by state.', [
  ...portLabels,
  'endpoint',
  'state',
]);
const leftOut = metric('gauge', 'traffic_left_out', 'Objects that the bound on series leaves out, by kind.', ['kind']);
const readAt = metric('gauge', 'traffic_read_timestamp_seconds', 'Unix time at which traffic was last read.', []);

/** Every metric of traffic, whether or not it is switched on. */
export const trafficMetrics: readonly DescribedMetric[] = [
  connections,
  packets,
  bytes,
  ofVirtualServer,
  ofEndpoint,
  leftOut,
  readAt,
];

/** Traffic of Services as Prometheus text, made line by line from what the last reading has shown. */
export function trafficSection(view: TrafficView): MetricSection {
  return {
    metrics: trafficMetrics,
    *render() {
      if (view.level === 'off' || view.readAtMs === undefined) return;
      yield* portLines(view);
      yield* connectionLines(ofVirtualServer, view.virtualServers());
      if (view.level === 'endpoint') yield* connectionLines(ofEndpoint, view.endpoints());
      yield metricHead(leftOut);
      for (const [kind, count] of view.leftOut()) yield `${leftOut.name}{kind="${kind}"} ${count}\n`;
      yield `${metricHead(readAt)}${readAt.name} ${view.readAtMs / 1000}\n`;
    },
  };
}

function* portLines(view: TrafficView): Iterable<string> {
  yield metricHead(connections);
  for (const { labels, totals } of view.ports()) yield `${connections.name}{${labels}} ${totals[0] ?? 0}\n`;
  yield metricHead(packets);
  for (const { labels, totals } of view.ports()) yield directions(packets.name, labels, totals[1], totals[2]);
  yield metricHead(bytes);
  for (const { labels, totals } of view.ports()) yield directions(bytes.name, labels, totals[3], totals[4]);
}

function directions(name: string, labels: string, incoming = 0, outgoing = 0): string {
  return `${name}{${labels},direction="in"} ${incoming}\n${name}{${labels},direction="out"} ${outgoing}\n`;
}

function* connectionLines(described: DescribedMetric, items: Iterable<ConnectionTraffic>): Iterable<string> {
  const { name } = described;
  yield metricHead(described);
  for (const { labels, active, inactive } of items) {
    yield `${name}{${labels},state="active"} ${active}\n${name}{${labels},state="inactive"} ${inactive}\n`;
  }
}
