import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { configurationReference } from '../../support/configuration-reference.ts';

it('docs/configuration.md is what the flag table and the schemas say', () => {
  const page = readFileSync(join(__dirname, '../../../docs/configuration.md'), 'utf8');
  expect(page).toBe(configurationReference());
});
