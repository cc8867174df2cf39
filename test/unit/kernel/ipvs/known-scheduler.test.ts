import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { isKnownScheduler } from '../../../../src/kernel/ipvs/known-scheduler.ts';

const table = `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
TCP  0A600014:0050 wlc persistent 10800 FFFFFFFF
  -> 0AF40206:1F90      Masq    1      0          0
UDP  [fd00:0000:0000:0000:0000:0000:0000:000a]:0035 sh (sh-fallback)
FWM  00000001 lc
`;

describe('isKnownScheduler', () => {
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'schedulers-'));
    mkdirSync(join(directory, 'ip_vs_mh'));
    mkdirSync(join(directory, 'ip_vs_my_own'));
    mkdirSync(join(directory, 'ip_vs_ftp'));
    writeFileSync(join(directory, 'ip_vs'), table);
  });

  afterEach(() => rmSync(directory, { recursive: true }));

  const known = (scheduler: string, tablePath = join(directory, 'ip_vs')) =>
    isKnownScheduler({ scheduler, tablePath, moduleDirectory: directory });

  it.each(['wlc', 'sh', 'lc'])('knows %s from the table', async (scheduler) => {
    expect(await known(scheduler)).toBe(true);
  });

  it.each(['mh', 'my-own'])('knows %s from its module', async (scheduler) => {
    expect(await known(scheduler, '/nonexistent')).toBe(true);
  });

  it.each(['rr', 'Scheduler', 'Masq', 'w', 'ftp'])('does not know %s', async (scheduler) => {
    expect(await known(scheduler)).toBe(false);
  });

  it('knows nothing without a table and a module', async () => {
    expect(await known('wlc', '/nonexistent')).toBe(false);
  });
});
