import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { processIds, processText } from '../../../src/app/process-table.ts';

let proc = '';

beforeAll(() => {
  proc = mkdtempSync(join(tmpdir(), 'proc-'));
  for (const name of ['1', '937', 'net', 'self', '12a']) mkdirSync(join(proc, name));
  writeFileSync(join(proc, '937/comm'), 'kube-proxy\n');
});
afterAll(() => rmSync(proc, { recursive: true, force: true }));

it('has the numbers of processes, and nothing else of the directory', () => {
  expect([...processIds(proc)].sort()).toEqual(['1', '937']);
});

it('reads files of processes, and nothing of one that has gone', () => {
  expect(processText(join(proc, '937/comm'))).toBe('kube-proxy\n');
  expect(processText(join(proc, '938/comm'))).toBe('');
});

it('sees this process', () => {
  expect(processIds('/proc')).toContain(String(process.pid));
});
