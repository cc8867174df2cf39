import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { conntrackFill } from '../../../src/observe/conntrack-fill.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'conntrack-fill-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const samples = () =>
  [...conntrackFill(directory).render()]
    .join('')
    .split('\n')
    .filter((line) => /^[^#]/.test(line));

it('shows what the kernel says at this moment', () => {
  writeFileSync(join(directory, 'nf_conntrack_max'), '262144\n');
  writeFileSync(join(directory, 'nf_conntrack_count'), '17\n');
  expect(samples()).toEqual(['ipvs_proxier_conntrack_entries 17', 'ipvs_proxier_conntrack_limit 262144']);
  writeFileSync(join(directory, 'nf_conntrack_count'), '18\n');
  expect(samples()).toContain('ipvs_proxier_conntrack_entries 18');
});

it('leaves out what cannot be read', () => {
  writeFileSync(join(directory, 'nf_conntrack_count'), '');
  expect(samples()).toEqual([]);
});
