import { IptablesRulesDriver } from '../../../src/kernel/rules/driver.ts';
import { rulePlanner } from '../../../src/app/rounds/rule-planner.ts';
import { silentLog } from '../../../src/observe/log.ts';
import { clusterObjects } from '../cluster.ts';
import { MeasuredRules, openMeasuredKernel } from '../measured-kernel.ts';
import { noTraffic, Recording } from '../measured-transport.ts';
import { benchConfig, Pipeline } from '../pipeline.ts';
import { printResult } from '../print-result.ts';

// A cold start: from objects in hand to the kernel programmed, in a fresh process and a fresh network namespace.
//   node cold-start.ts SERVICES ENDPOINTS [FILE to record the messages in]

const size = { services: Number(process.argv[2]), endpointsPerService: Number(process.argv[3]) };
const recordingPath = process.argv[4];

const objects = clusterObjects(size);
const traffic = noTraffic();
const recording = recordingPath === undefined ? undefined : new Recording(recordingPath);
const iptables = new IptablesRulesDriver({ flavour: 'auto' });
const families = await iptables.families();
const rules = new MeasuredRules(iptables);
const planRules = rulePlanner({ config: benchConfig, driver: iptables, podCidrs: () => [], log: silentLog });
let planningRulesMs = 0;
const pipeline = new Pipeline({
  drivers: { ...openMeasuredKernel(traffic, recording), rules },
  families,
  planRules: async (inputs) => {
    const start = performance.now();
    const planned = await planRules(inputs);
    planningRulesMs += performance.now() - start;
    return planned;
  },
});

const start = performance.now();
await pipeline.program(objects);
const ms = performance.now() - start;

recording?.close();
const { servers } = pipeline.reconciler;
printResult({
  ms,
  planMs: pipeline.planMs,
  rulesMs: rules.ms + planningRulesMs,
  virtualServers: servers.desiredCount,
  ...traffic,
});
process.exit(0);
