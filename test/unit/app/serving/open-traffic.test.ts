import { expect, it } from '@jest/globals';
import { openTraffic } from '../../../../src/app/serving/open-traffic.ts';
import { noTraffic } from '../../../../src/kernel/ipvs/decode-counters.ts';
import { MetricRegistry } from '../../../../src/observe/metric-registry.ts';
import { aService, ip } from '../../../support/builders.ts';
import { virtualServer } from '../../../support/ipvs-builders.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

it('shows the traffic of a virtual server under the Service that holds it, and of nobody else', async () => {
  const web = aService({ clusterIps: [ip('10.96.0.1')] });
  const ours = virtualServer('TCP', '10.96.0.1:80');
  const foreign = virtualServer('TCP', '203.0.113.1:80');
  const gone = virtualServer('TCP', '10.96.0.1:81');
  const registry = new MetricRegistry();
  const book = openTraffic({
    proxier: { traffic: { level: 'service', maxSeries: 100 } },
    tables: { service: (key) => (key === web.key ? web : undefined) },
    desired: () => ({ holderOf: (key) => (key === foreign.key ? undefined : web.key) }),
    metrics: { registry } as never, // nothing else of them is used
    clock: new ManualClock(),
  });
  await book.readAlong({ virtualServer() {}, realServers() {} }, async (visitor) => {
    for (const each of [ours, foreign, gone]) visitor.virtualServer(each, { ...noTraffic, connections: 5n });
  });
  const lines = (await registry.render()).split('\n').filter((line) => line.includes('connections_total{'));
  expect(lines).toEqual([
    'ipvs_proxier_service_connections_total{namespace="default",service="web",port="http",protocol="TCP"} 5',
  ]);
});
