import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { metricsReference } from '../../support/metrics-reference.ts';

it('docs/metrics.md is what the registries say', () => {
  expect(readFileSync(join(__dirname, '../../../docs/metrics.md'), 'utf8')).toBe(metricsReference());
});
