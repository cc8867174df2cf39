import type { MetricRegistry } from './metric-registry.ts';

/** Kinds of what would be changed; a kind without changes shows 0. */
const intendedKinds = [
  'virtualServer',
  'realServer',
  'interface',
  'address',
  'ipSet',
  'setEntry',
  'rules',
  'flow',
  'sysctl',
];

/** What this process does on the node beside another Service proxy. */
export function modeMetrics(registry: MetricRegistry) {
  const serving = registry.gauge({
    name: 'ipvs_proxier_serving',
    help: 'Whether this process keeps the kernel as the objects say: 0 while it observes or waits to take over.',
    labels: [],
  });
  const intended = registry.gauge({
    name: 'ipvs_proxier_intended_changes',
    help: 'What would be changed on this node if this process served, by kind; rules count once per family. Only while it observes or waits.',
    labels: ['kind'],
  });
  return {
    serving: (isServing: boolean) => serving.set({}, isServing ? 1 : 0),
    /** What the last comparison showed, by kind. */
    intended(counts: ReadonlyMap<string, number>): void {
      for (const kind of intendedKinds) intended.set({ kind }, counts.get(kind) ?? 0);
    },
  };
}
