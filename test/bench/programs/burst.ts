import { eventCount, isListed, openBenchSource } from '../api-source.ts';
import { measureStage } from '../event-loop-stage.ts';
import { nullKernel } from '../null-kernel.ts';
import { Pipeline } from '../pipeline.ts';

// From the API server to encoded messages, without a kernel: lists a cluster, then follows a burst of events.
//   burst.ts KUBECONFIG EVENTS to expect after the lists

async function main(kubeconfig: string, expectedEvents: number): Promise<void> {
  const sent = { messages: 0, bytes: 0 };
  const pipeline = new Pipeline({
    drivers: nullKernel(sent),
    families: ['IPv4', 'IPv6'],
    planRules: ({ family }) => Promise.resolve({ family, chains: [], jumps: [] }),
  });
  const source = await openBenchSource(kubeconfig, pipeline.tables);
  source.start();
  const list = await measureStage(() => isListed(source) && pipeline.roundCount > 0 && pipeline.isIdle);
  const before = { events: eventCount(source), rounds: pipeline.roundCount, messages: sent.messages };
  process.send?.({ list });
  const isOver = () => eventCount(source) >= before.events + expectedEvents && pipeline.isIdle;
  const burst = await measureStage(isOver);
  process.send?.({
    burst,
    rounds: pipeline.roundCount - before.rounds,
    messages: sent.messages - before.messages,
  });
}

void main(process.argv[2] ?? '', Number(process.argv[3]));
