import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parseScenarios } from './format/parse-scenarios.ts';
import { FakeWorld } from './run/fake-world.ts';
import { play, variants } from './run/play.ts';
import { scenarioDirectory, scenarioFiles } from './run/scenario-files.ts';

describe.each(scenarioFiles())('%s', (file) => {
  const scenarios = parseScenarios(file, readFileSync(join(scenarioDirectory, file), 'utf8'));

  describe.each(scenarios.map((scenario) => [scenario.name, scenario] as const))('%s', (_, scenario) => {
    const possible = variants.filter((variant) => variant !== 'squashed' || scenario.historyMatters === '');

    it.each(possible)('%s', async (variant) => {
      expect(await play(scenario, new FakeWorld(), variant)).toBe('');
    });
  });
});
