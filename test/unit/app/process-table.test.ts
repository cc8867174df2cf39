import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { processIds } from '../../../src/app/process-table.ts';

let proc = '';

beforeAll(() => {
  proc = mkdtempSync(join(tmpdir(), 'proc-'));
  for (const name of ['1', '937', 'net', 'self', '12a']) mkdirSync(join(proc, name));
});
afterAll(() => rmSync(proc, { recursive: true, force: true }));

it('has the numbers of processes, and nothing else of the directory', () => {
  expect([...processIds(proc)].sort()).toEqual(['1', '937']);
});

it('sees this process', () => {
  expect(processIds('/proc')).toContain(String(process.pid));
});
