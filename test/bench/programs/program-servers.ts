import { writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import type { IpvsDriver } from '../../../src/kernel/drivers.ts';
import type { IpvsOperation } from '../../../src/model/operation.ts';
import type { VirtualServerIdentity } from '../../../src/model/virtual-server.ts';
import { formatEndpoint } from '../../../src/model/virtual-server.ts';
import { planService } from '../../../src/plan/plan-service.ts';
import { planNode } from '../../../src/plan/plan-node.ts';
import { operationsPerBatch } from '../../../src/reconcile/server-applier.ts';
import { clusterObjects } from '../cluster.ts';
import { openMeasuredKernel } from '../measured-kernel.ts';
import { noTraffic, Recording } from '../measured-transport.ts';
import { nullKernel } from '../null-kernel.ts';
import { benchConfig, benchNodeName } from '../pipeline.ts';
import { printResult } from '../print-result.ts';

// Programs virtual servers with their real servers: operations in hand, to the acknowledgement of the last. `warm`: the code has encoded them before,
// to nowhere, as in a daemon that has been running.
//   node program-servers.ts SERVICES ENDPOINTS cold|warm [FILE to record the messages in] [FILE to write for ipvsadm -R]

const size = { services: Number(process.argv[2]), endpointsPerService: Number(process.argv[3]) };
const [, , , , mode, recordingPath, restorePath] = process.argv;

function operations(): IpvsOperation[] {
  const { services, slices } = clusterObjects(size);
  const node = planNode({
    nodeName: benchNodeName,
    node: undefined,
    interfaceAddresses: [],
    families: ['IPv4'],
    config: benchConfig,
  });
  return services.flatMap((service, index) => {
    const slice = slices[index];
    const plan = planService({ service, slices: slice === undefined ? [] : [slice] }, node, benchConfig);
    return plan.virtualServers.flatMap(({ virtualServer, realServers }): IpvsOperation[] => [
      { kind: 'addVirtualServer', virtualServer },
      ...realServers.map((realServer) => ({ kind: 'addRealServer', virtualServer, realServer }) as const),
    ]);
  });
}

/** The line of `ipvsadm -R` for an operation. */
function restoreLine(operation: IpvsOperation): string {
  const virtual = `-t ${endpointOf(operation.virtualServer.identity)}`;
  if (operation.kind === 'addVirtualServer') return `-A ${virtual} -s ${operation.virtualServer.scheduler}`;
  if (operation.kind !== 'addRealServer') throw new Error(`no line for ${operation.kind}`);
  return `-a ${virtual} -r ${formatEndpoint(operation.realServer.address, operation.realServer.port)} -m -w 1`;
}

function endpointOf(identity: VirtualServerIdentity): string {
  if (identity.kind !== 'address') throw new Error('the cluster has no firewall marks');
  return formatEndpoint(identity.address, identity.port);
}

async function apply(driver: IpvsDriver): Promise<void> {
  for (let from = 0; from < inHand.length; from += operationsPerBatch) {
    const [failure] = await driver.apply(inHand.slice(from, from + operationsPerBatch));
    if (failure !== undefined) throw failure.error;
  }
}

const inHand = operations();
if (restorePath !== undefined) writeFileSync(restorePath, `${inHand.map(restoreLine).join('\n')}\n`);
const traffic = noTraffic();
const recording = recordingPath === undefined ? undefined : new Recording(recordingPath);
const { ipvs } = openMeasuredKernel(traffic, recording);
await ipvs.timeouts(); // looks the family up, as the daemon has when it has prepared the node

if (mode === 'warm') {
  const nowhere = nullKernel({ messages: 0, bytes: 0 }).ipvs;
  for (let warmUp = 0; warmUp < 20; warmUp++) await apply(nowhere);
  await setTimeout(500); // what is compiled in the background is there
}

const start = performance.now();
await apply(ipvs);
const ms = performance.now() - start;

recording?.close();
printResult({ ms, operations: inHand.length, ...traffic });
process.exit(0);
