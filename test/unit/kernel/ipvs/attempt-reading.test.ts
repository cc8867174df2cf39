import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { DriverError } from '../../../../src/kernel/errors.ts';
import { attemptReading } from '../../../../src/kernel/ipvs/attempt-reading.ts';

it('gives what was read', () => {
  expect(attemptReading('/proc/net/ip_vs', () => 'IP Virtual Server')).toBe('IP Virtual Server');
});

it('names the file that cannot be read, and keeps the cause', () => {
  const path = '/proc/there-is-no-such-file';
  const attempt = () => attemptReading(path, () => readFileSync(path, 'utf8'));
  expect(attempt).toThrow(DriverError);
  expect(attempt).toThrow(`read ${path}: ENOENT`);
  expect(attempt).toThrow(
    expect.objectContaining({ errnoName: 'ENOENT', cause: expect.objectContaining({ code: 'ENOENT' }) }),
  );
});

it('counts as an error of input and output where no reason is given', () => {
  const attempt = () =>
    attemptReading('/proc/net/ip_vs', () => {
      throw new Error('no number');
    });
  expect(attempt).toThrow('read /proc/net/ip_vs: EIO');
});
