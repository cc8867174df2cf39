import { planNode } from '../../../src/plan/plan-node.ts';
import { DesiredState } from '../../../src/reconcile/desired-state.ts';
import { planService } from '../../../src/plan/plan-service.ts';
import { ClusterTables } from '../../../src/cluster/tables.ts';
import { clusterObjects, withOneMoreEndpoint } from '../cluster.ts';
import { benchConfig, benchNodeName } from '../pipeline.ts';
import { percentile } from '../statistics.ts';
import { printResult } from '../print-result.ts';

// Planning one changed Service: from the tables to the new plan in the desired state. Needs no kernel.
//   node plan-changes.ts SERVICES ENDPOINTS CHANGES

const size = { services: Number(process.argv[2]), endpointsPerService: Number(process.argv[3]) };
const changes = Number(process.argv[4]);
const objects = clusterObjects(size);
const node = planNode({
  nodeName: benchNodeName,
  node: undefined,
  interfaceAddresses: [],
  families: ['IPv4', 'IPv6'],
  config: benchConfig,
});
const tables = new ClusterTables(() => {});
let told = 0;
const tell = () => {
  told++;
};
const desired = new DesiredState({ virtualServer: tell, boundAddress: tell, setMember: tell });

function planChanged(): void {
  for (const key of tables.takeChangedServices()) {
    const service = tables.service(key);
    if (service === undefined) throw new Error(`${key} is not there`);
    desired.swap(key, planService({ service, slices: tables.slicesOf(key) }, node, benchConfig));
  }
}

tables.replaceServices(objects.services);
tables.replaceEndpointSlices(objects.slices);
planChanged();
if (told < objects.services.length) throw new Error('the plans of some Services are missing');

/** A change costs the same every time; what other programs of the machine take meanwhile does not. */
const attempts = 5;
const changed = Array.from({ length: changes }, (_, change) => {
  const slice = objects.slices[Math.floor(Math.random() * objects.slices.length)];
  if (slice === undefined) throw new Error('a cluster without slices');
  return withOneMoreEndpoint(slice, change & 0xffff);
});
const bestMs = changed.map(() => Number.POSITIVE_INFINITY);
for (let attempt = 0; attempt < attempts; attempt++) {
  for (const [change, slice] of changed.entries()) {
    tables.updateEndpointSlice(slice);
    const start = performance.now();
    planChanged();
    bestMs[change] = Math.min(bestMs[change] ?? 0, performance.now() - start);
  }
}
printResult({ medianMs: percentile(bestMs, 0.5), p99Ms: percentile(bestMs, 0.99) });
