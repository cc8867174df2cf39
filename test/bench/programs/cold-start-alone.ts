import { clusterObjects } from '../cluster.ts';
import { nullKernel } from '../null-kernel.ts';
import { Pipeline } from '../pipeline.ts';
import { printResult } from '../print-result.ts';

// The cold start without a kernel: what our side of it costs.
//   node cold-start-alone.ts SERVICES ENDPOINTS

const objects = clusterObjects({ services: Number(process.argv[2]), endpointsPerService: Number(process.argv[3]) });
const sent = { messages: 0, bytes: 0 };
const pipeline = new Pipeline({
  drivers: nullKernel(sent),
  families: ['IPv4', 'IPv6'],
  planRules: ({ family }) => Promise.resolve({ family, chains: [], jumps: [] }),
});
const before = process.threadCpuUsage();
const start = performance.now();
await pipeline.program(objects);
const ms = performance.now() - start;
const { user, system } = process.threadCpuUsage(before);
printResult({ ms, mainThreadMs: (user + system) / 1000, planMs: pipeline.planMs, ...sent });
process.exit(0);
