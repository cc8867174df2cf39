import { ClusterTables } from '../../../src/cluster/tables.ts';
import { eventCount, isListed, openBenchSource } from '../api-source.ts';
import { measureStage } from '../event-loop-stage.ts';

// A process that does what the daemon does with the API server, and nothing else. It is bundled as the daemon is.
//   list-watch.ts KUBECONFIG EVENTS to expect after the lists

async function main(kubeconfig: string, expectedEvents: number): Promise<void> {
  const tables = new ClusterTables(() => {});
  const source = await openBenchSource(kubeconfig, tables);
  source.start();
  const list = await measureStage(() => isListed(source));
  const listedEvents = eventCount(source);
  const services = [...tables.serviceKeys()].length;
  process.send?.({ list });
  const burst = await measureStage(() => eventCount(source) >= listedEvents + expectedEvents);
  process.send?.({ burst, rssMb: process.memoryUsage.rss() / 1e6, services });
}

void main(process.argv[2] ?? '', Number(process.argv[3]));
