import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Scenario } from '../../scenarios/format/scenario.ts';
import { parseScenarios } from '../../scenarios/format/parse-scenarios.ts';
import { play } from '../../scenarios/run/play.ts';
import { scenarioDirectory, scenarioFiles } from '../../scenarios/run/scenario-files.ts';
import { KernelWorld } from './kernel-world.ts';

const world = new KernelWorld();

beforeAll(() => world.open());
afterAll(() => world.close());

/** The kernel looks for a real server in a list: sixty thousand of one virtual server take up to half a minute. */
const mostLines = 10_000;

/** Counters and failures are the kernel's own and cannot be asked for. */
function isForTheFakeKernel({ steps }: Scenario): boolean {
  return steps.some(({ connections, failures, expectation }) => {
    const asked = connections.length + failures.length;
    return asked > 0 || (expectation?.state.length ?? 0) > mostLines;
  });
}

/** Whether a scenario makes sets or the interface itself. */
function needsEmptyKernel({ steps }: Scenario): boolean {
  return steps.some((step) => step.commands.some((line) => /^(ipset create|ip link add)/.test(line)));
}

const filesWithScenarios = scenarioFiles()
  .map((file) => {
    const scenarios = parseScenarios(file, readFileSync(join(scenarioDirectory, file), 'utf8'));
    return [file, scenarios.filter((scenario) => !isForTheFakeKernel(scenario))] as const;
  })
  .filter(([, scenarios]) => scenarios.length > 0);

describe.each(filesWithScenarios)('%s', (_file, scenarios) => {
  it.each(scenarios.map((scenario) => [scenario.name, scenario] as const))('%s', async (_, scenario) => {
    await world.clear(needsEmptyKernel(scenario));
    expect(await play(scenario, world)).toBe('');
  });
});
