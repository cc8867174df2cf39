import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { readPrograms, takeOverBarMs } from '../../takeover/programs.ts';

const taking = (milliseconds: number) => ({
  startMs: 1_000,
  endMs: 1_000 + milliseconds,
  command: 'iptables-nft-save',
});

it('two seconds are promised, and as many times as much where programs take longer than usual', () => {
  expect(takeOverBarMs([])).toBe(2_000);
  expect(takeOverBarMs([taking(80), taking(120)])).toBe(2_000);
  expect(takeOverBarMs([taking(300), taking(600)])).toBe(6_000);
});

it('programs are read with their arguments', () => {
  const directory = mkdtempSync(join(tmpdir(), 'programs-'));
  const file = join(directory, 'programs');
  writeFileSync(file, '1700000000100 1700000000180 iptables-nft-restore -w 5\n');
  expect(readPrograms(file)).toEqual([
    { startMs: 1_700_000_000_100, endMs: 1_700_000_000_180, command: 'iptables-nft-restore -w 5' },
  ]);
  rmSync(directory, { recursive: true });
});
