import { rulePlanner } from '../../../src/app/rounds/rule-planner.ts';
import { IptablesRulesDriver } from '../../../src/kernel/rules/driver.ts';
import { silentLog } from '../../../src/observe/log.ts';
import { clusterObjects, withOneMoreEndpoint } from '../cluster.ts';
import { MeasuredRules, openMeasuredKernel } from '../measured-kernel.ts';
import type { Traffic } from '../measured-transport.ts';
import { noTraffic, trafficBetween } from '../measured-transport.ts';
import { benchConfig, Pipeline } from '../pipeline.ts';
import { percentile } from '../statistics.ts';
import { printResult } from '../print-result.ts';

// A cluster that is programmed: one change after the other, the memory of a change, an audit, a restart.
//   node --expose-gc steady-state.ts SERVICES ENDPOINTS CHANGES

const size = { services: Number(process.argv[2]), endpointsPerService: Number(process.argv[3]) };
const changeCount = Number(process.argv[4]);
const objects = clusterObjects(size);
const iptables = new IptablesRulesDriver({ flavour: 'auto' });
const families = await iptables.families();
const planRules = rulePlanner({ config: benchConfig, driver: iptables, podCidrs: () => [], log: silentLog });

function open() {
  const traffic = noTraffic();
  const rules = new MeasuredRules(iptables);
  const kernel = openMeasuredKernel(traffic);
  const pipeline = new Pipeline({ drivers: { ...kernel, rules }, families, planRules });
  return { traffic, rules, pipeline };
}

const { traffic, pipeline } = open();
await pipeline.program(objects);
const slices = [...objects.slices];
let pods = 0;

/** An endpoint joins one Service; resolves when the kernel has it. */
function addEndpoint(): Promise<void> {
  const index = Math.floor(Math.random() * slices.length);
  const slice = slices[index];
  if (slice === undefined) throw new Error('a cluster without slices');
  const changed = withOneMoreEndpoint(slice, pods++);
  slices[index] = changed;
  return pipeline.nextRound(() => pipeline.tables.updateEndpointSlice(changed));
}

async function timeChanges() {
  for (let warmUp = 0; warmUp < changeCount; warmUp++) await addEndpoint();
  const times: number[] = [];
  const planTimes: number[] = [];
  const seen: Traffic[] = [];
  for (let change = 0; change < changeCount; change++) {
    const before = { ...traffic };
    const planBefore = pipeline.planMs;
    const start = performance.now();
    await addEndpoint();
    times.push(performance.now() - start);
    planTimes.push(pipeline.planMs - planBefore);
    seen.push(trafficBetween(before, traffic));
  }
  return {
    medianMs: percentile(times, 0.5),
    p99Ms: blockPercentile(times, 0.99),
    planMedianMs: percentile(planTimes, 0.5),
    exchangeMedianMs: percentile(
      seen.map(({ exchangeMs }) => exchangeMs),
      0.5,
    ),
    oneDatagram: seen.filter(({ datagrams, messages, requests }) => datagrams === 1 && messages === 1 && requests === 0)
      .length,
    changes: seen.length,
  };
}

/** The percentile of every 100 changes, of which the median: a disturbance of the machine falls into one block. */
function blockPercentile(times: readonly number[], fraction: number): number {
  const blocks: number[] = [];
  for (let from = 0; from < times.length; from += 100) blocks.push(percentile(times.slice(from, from + 100), fraction));
  return percentile(blocks, 0.5);
}

/** Few enough for a young generation of 2 MB: a collection in between would hide what was used. */
const changesPerSample = 5;

/** Bytes on the heap per change, with the young generation emptied before. */
async function measureHeap(): Promise<number> {
  const collect = globalThis.gc;
  if (collect === undefined) throw new Error('needs --expose-gc');
  const perChange: number[] = [];
  for (let sample = 0; sample < 5; sample++) {
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let change = 0; change < changesPerSample; change++) await addEndpoint();
    perChange.push((process.memoryUsage().heapUsed - before) / changesPerSample);
  }
  return percentile(perChange, 0.5);
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

async function audit() {
  const before = { ...traffic };
  const ms = await timed(() => pipeline.audit());
  return { ms, ...trafficBetween(before, traffic) };
}

/** A second daemon over the same kernel, with the same objects. */
async function restart() {
  await pipeline.stop();
  const second = open();
  const ms = await timed(() => second.pipeline.program({ services: objects.services, slices }));
  const writes = second.traffic.messages + second.rules.writes;
  return { ms, writes, dumpMs: second.traffic.requestMs, rulesMs: second.rules.ms, requests: second.traffic.requests };
}

const change = await timeChanges();
const heapBytes = await measureHeap();
printResult({ change, heapBytes, audit: await audit(), restart: await restart() });
process.exit(0);
