import { expect, it } from '@jest/globals';
import { MetricRegistry } from '../../../src/observe/metric-registry.ts';
import { modeMetrics } from '../../../src/observe/mode-metrics.ts';

it('shows what would be changed, and 0 for the other kinds', async () => {
  const registry = new MetricRegistry();
  const mode = modeMetrics(registry);
  const values = async () =>
    (await registry.render()).split('\n').filter((line) => line.startsWith('ipvs_proxier') && !line.endsWith(' 0'));
  mode.serving(false);
  mode.intended(new Map([['virtualServer', 2]]));
  mode.intended(new Map([['rules', 1]]));
  expect(await values()).toEqual(['ipvs_proxier_intended_changes{kind="rules"} 1']);
  expect(await registry.render()).toContain('ipvs_proxier_intended_changes{kind="virtualServer"} 0');
  mode.serving(true);
  mode.intended(new Map());
  expect(await values()).toEqual(['ipvs_proxier_serving 1']);
});
