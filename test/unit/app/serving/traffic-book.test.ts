import { describe, expect, it } from '@jest/globals';
import { type ServicePortLabels, TrafficBook } from '../../../../src/app/serving/traffic-book.ts';
import type { TrafficSettings } from '../../../../src/config/config.ts';
import type { TableVisitor } from '../../../../src/kernel/drivers.ts';
import { noTraffic } from '../../../../src/kernel/ipvs/decode-counters.ts';
import { MetricRegistry } from '../../../../src/observe/metric-registry.ts';
import { trafficSection } from '../../../../src/observe/traffic-metrics.ts';
import { realServer, virtualServer } from '../../../support/ipvs-builders.ts';

/** A virtual server as the kernel shows it: what it has counted, and active and inactive connections by endpoint. */
interface Shown {
  readonly endpoint: string;
  readonly connections?: bigint;
  readonly servers?: Readonly<Record<string, readonly [number, number]>>;
}

const ignored: TableVisitor = { virtualServer() {}, realServers() {} };

/** Service ports by the address and port of their virtual servers; the last part of the address tells whose it is. */
function ownerOf(key: string): ServicePortLabels | undefined {
  const number = /10\.96\.0\.(\d+)/.exec(key)?.[1];
  if (number === undefined) return undefined;
  return { namespace: 'default', service: `s${number}`, port: 'http', protocol: 'TCP' };
}

function setup(changes: Partial<TrafficSettings> = {}) {
  const settings = { level: 'service', maxSeries: 1_000, ...changes } as {
    -readonly [K in keyof TrafficSettings]: TrafficSettings[K];
  };
  let owner = ownerOf;
  const book = new TrafficBook({ settings: () => settings, ownerOf: ({ key }) => owner(key), nowMs: () => 5_000 });
  const registry = new MetricRegistry();
  registry.addSection(trafficSection(book));
  const read = async (table: readonly Shown[], visitor = ignored) => {
    await book.readAlong(visitor, async (both) => {
      for (const { endpoint, connections = 0n } of table) {
        const counters = { ...noTraffic, connections, incomingPackets: connections * 10n, outgoingBytes: connections };
        both.virtualServer(virtualServer('TCP', endpoint), counters);
      }
      for (const { endpoint, servers = {} } of table) {
        const scanned = Object.entries(servers).map(([to, [activeConnections, inactiveConnections]]) => {
          const { key, forwarding, weight } = realServer(to);
          return { key, forwarding, weight, activeConnections, inactiveConnections };
        });
        both.realServers(virtualServer('TCP', endpoint).key, scanned);
      }
    });
  };
  const series = async (name: string): Promise<string[]> => {
    const lines = (await registry.render()).split('\n');
    return lines.filter((line) => line.startsWith(`ipvs_proxier_${name}{`)).map((line) => line.slice(13 + name.length));
  };
  const own = (next: typeof ownerOf) => (owner = next);
  /** Connections as they would be shown at this moment. */
  const section = () => [...trafficSection(book).render()].filter((piece) => piece.includes('state=')).join('');
  return { read, series, section, registry, settings, own };
}

const port = (service: string) => `namespace="default",service="${service}",port="http",protocol="TCP"`;

describe('TrafficBook', () => {
  it('adds up the virtual servers of a Service port, and shows connections of each', async () => {
    const { read, series } = setup();
    await read([
      { endpoint: '10.96.0.1:80', connections: 3n, servers: { '10.244.0.1:8080': [1, 2], '10.244.0.2:8080': [3, 4] } },
      { endpoint: '10.96.0.1:30080', connections: 4n, servers: { '10.244.0.1:8080': [1, 0] } },
    ]);
    expect(await series('service_connections_total')).toEqual([`{${port('s1')}} 7`]);
    expect(await series('service_packets_total')).toEqual([
      `{${port('s1')},direction="in"} 70`,
      `{${port('s1')},direction="out"} 0`,
    ]);
    expect(await series('service_bytes_total')).toContain(`{${port('s1')},direction="out"} 7`);
    expect(await series('virtual_server_connections')).toEqual([
      `{${port('s1')},address="10.96.0.1:80",state="active"} 4`,
      `{${port('s1')},address="10.96.0.1:80",state="inactive"} 6`,
      `{${port('s1')},address="10.96.0.1:30080",state="active"} 1`,
      `{${port('s1')},address="10.96.0.1:30080",state="inactive"} 0`,
    ]);
    expect(await series('endpoint_connections')).toEqual([]);
  });

  it('shows endpoints where they are asked for, each once for a Service port', async () => {
    const { read, series } = setup({ level: 'endpoint' });
    const servers = { '10.244.0.1:8080': [1, 2] } as const;
    await read([
      { endpoint: '10.96.0.1:80', servers },
      { endpoint: '10.96.0.1:30080', servers },
    ]);
    const labels = `${port('s1')},endpoint="10.244.0.1:8080"`;
    expect(await series('endpoint_connections')).toEqual([
      `{${labels},state="active"} 2`,
      `{${labels},state="inactive"} 4`,
    ]);
    await read([{ endpoint: '10.96.0.1:80' }]);
    expect(await series('endpoint_connections')).toEqual([]);
  });

  it('goes on counting when the kernel begins anew, and forgets who has gone', async () => {
    const { read, series } = setup();
    await read([{ endpoint: '10.96.0.1:80', connections: 5n }]);
    await read([{ endpoint: '10.96.0.1:80', connections: 8n }]);
    await read([{ endpoint: '10.96.0.1:80', connections: 2n }]);
    expect(await series('service_connections_total')).toEqual([`{${port('s1')}} 10`]);
    await read([{ endpoint: '10.96.0.2:80' }]);
    expect(await series('service_connections_total')).toEqual([`{${port('s2')}} 0`]);
    expect(await series('virtual_server_connections')).toHaveLength(2);
  });

  it('leaves out virtual servers of others', async () => {
    const { read, series } = setup();
    await read([{ endpoint: '203.0.113.1:80', connections: 5n, servers: { '10.0.0.1:80': [1, 1] } }]);
    expect([...(await series('service_connections_total')), ...(await series('virtual_server_connections'))]).toEqual(
      [],
    );
  });

  it('counts for the other Service from where a virtual server changes hands', async () => {
    const { read, series, own } = setup();
    await read([{ endpoint: '10.96.0.1:80', connections: 5n }]);
    own(() => ownerOf('10.96.0.2'));
    await read([{ endpoint: '10.96.0.1:80', connections: 9n }]);
    expect(await series('service_connections_total')).toEqual([`{${port('s2')}} 4`]);
  });

  it('has no more series than it may, and adds up the rest; who came first stays', async () => {
    const { read, series, registry } = setup({ maxSeries: 16, level: 'endpoint' });
    const table = [1, 2, 3, 4].map((number) => ({
      endpoint: `10.96.0.${number}:80`,
      connections: BigInt(number),
      servers: { [`10.244.0.${number}:80`]: [1, 1] as const },
    }));
    await read(table);
    await read(table.toReversed());
    expect(await series('service_connections_total')).toEqual([
      `{${port('s1')}} 1`,
      `{${port('s2')}} 2`,
      '{namespace="",service="",port="",protocol=""} 7',
    ]);
    expect(await series('traffic_left_out')).toEqual([
      '{kind="service_port"} 2',
      '{kind="virtual_server"} 2',
      '{kind="endpoint"} 3',
    ]);
    const labelled = (await registry.render()).split('\n').filter((line) => line.includes('namespace="default"'));
    expect(labelled.length).toBeLessThanOrEqual(16);
    // Room that becomes free is taken by the next reading.
    await read(table.slice(1));
    await read(table.slice(1));
    expect(await series('service_connections_total')).toEqual([
      `{${port('s2')}} 2`,
      `{${port('s3')}} 0`,
      '{namespace="",service="",port="",protocol=""} 7',
    ]);
  });

  it('starts over when there may be fewer series than there are', async () => {
    const { read, series, settings } = setup();
    const table = [1, 2, 3].map((number) => ({ endpoint: `10.96.0.${number}:80`, connections: 1n }));
    await read(table);
    settings.maxSeries = 7;
    await read(table);
    expect(await series('service_connections_total')).toEqual([
      `{${port('s1')}} 1`,
      '{namespace="",service="",port="",protocol=""} 2',
    ]);
  });

  it('shows and keeps nothing when it is off, also after it was on', async () => {
    const { read, registry, settings, series } = setup();
    await read([{ endpoint: '10.96.0.1:80', connections: 5n }]);
    settings.level = 'off';
    await read([{ endpoint: '10.96.0.1:80', connections: 6n }]);
    expect(await registry.render()).not.toContain('ipvs_proxier_');
    settings.level = 'service';
    await read([{ endpoint: '10.96.0.1:80', connections: 7n }]);
    expect(await series('service_connections_total')).toEqual([`{${port('s1')}} 7`]);
  });

  it('shows the last reading while the next one goes on', async () => {
    const { read, series, section } = setup({ level: 'endpoint' });
    const table = [{ endpoint: '10.96.0.1:80', servers: { '10.244.0.1:80': [5, 6] as const } }];
    await read(table);
    const before = [...(await series('virtual_server_connections')), ...(await series('endpoint_connections'))];
    let during = '';
    await read(table, {
      virtualServer() {},
      realServers() {
        during = section(); // the first of them: nothing of this reading has been counted
      },
    });
    expect(during).toContain('state="active"} 5');
    expect(during).not.toContain('} 0');
    expect(before).toHaveLength(4);
  });
});
