import { expect, it } from '@jest/globals';
import { readProcessUsage } from '../../../src/observe/process-usage.ts';

const fields = Array.from({ length: 50 }, (_, index) => index + 3);

it('reads /proc, whatever the name of the program', () => {
  const texts: Record<string, string> = {
    '/proc/self/stat': `1 (a) b) ${fields.join(' ')}\n`,
    '/proc/stat': 'cpu 1 2 3\nbtime 1000\nprocesses 5\n',
    '/proc/self/limits': 'Limit  Soft Limit  Hard Limit  Units\nMax open files            20000     30000    files\n',
    '/proc/self/status': 'Name:\ta\nVmRSS:\t    12 kB\n',
  };
  expect(readProcessUsage({ read: (path) => texts[path] as string, count: () => 7 })).toEqual({
    startTimeSeconds: 1000.22,
    cpuSeconds: 0.29,
    residentBytes: 12 * 1024,
    virtualBytes: 23,
    openFileDescriptors: 7,
    maxFileDescriptors: 20000,
  });
});

it('gives zeros where nothing can be read', () => {
  const fail = (): never => {
    throw new Error('EACCES');
  };
  const usage = readProcessUsage({ read: fail, count: fail });
  expect(new Set(Object.values(usage))).toEqual(new Set([0]));
});

it('agrees with what Node knows of this process', () => {
  const usage = readProcessUsage();
  expect(Math.abs(usage.startTimeSeconds - (Date.now() / 1000 - process.uptime()))).toBeLessThan(5);
  expect(usage.residentBytes).toBeGreaterThan(10_000_000);
  expect(usage.cpuSeconds).toBeGreaterThan(0);
});
