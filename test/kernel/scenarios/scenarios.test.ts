import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Scenario } from '../../scenarios/format/scenario.ts';
import { parseScenarios } from '../../scenarios/format/parse-scenarios.ts';
import { play } from '../../scenarios/run/play.ts';
import { scenarioDirectory, scenarioFiles } from '../../scenarios/run/scenario-files.ts';
import { KernelWorld } from './kernel-world.ts';

const world = new KernelWorld();

beforeAll(() => world.open(), 60_000);
afterAll(() => world.close());

/** Counters, tracked flows and failures are the kernel's own and cannot be asked for. */
function isForTheFakeKernel({ steps }: Scenario): boolean {
  return steps.some(({ connections, flows, failures }) => connections.length + flows.length + failures.length > 0);
}

/** Whether a scenario needs a kernel without sets and rules. */
function needsEmptyKernel({ steps }: Scenario): boolean {
  return steps.some((step) => step.commands.some((line) => /^ipset (create|destroy)/.test(line)));
}

describe.each(scenarioFiles())('%s', (file) => {
  const scenarios = parseScenarios(file, readFileSync(join(scenarioDirectory, file), 'utf8'));
  const possible = scenarios.filter((scenario) => !isForTheFakeKernel(scenario));

  it.each(possible.map((scenario) => [scenario.name, scenario] as const))(
    '%s',
    async (_, scenario) => {
      await world.clear(needsEmptyKernel(scenario));
      expect(await play(scenario, world)).toBe('');
    },
    60_000,
  );
});
