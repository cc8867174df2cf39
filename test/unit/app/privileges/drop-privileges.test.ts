import { describe, expect, it } from '@jest/globals';
import { dropPrivileges, type PrivilegedProcess } from '../../../../src/app/privileges/drop-privileges.ts';
import { AddonLoadError } from '../../../../src/native/addon.ts';
import type { Log } from '../../../../src/observe/log.ts';

const full = '000001ffffffffff';
const few = '0000000000003400';

const status = (set: string) => `CapInh:\t0\nCapPrm:\t${set}\nCapEff:\t${set}\nCapBnd:\t${set}\nCapAmb:\t0\n`;

/** Goes through a start with these rights; what was done and said, in order. */
async function start(options: {
  readonly rights?: string;
  readonly environment?: Record<string, string>;
  readonly keep?: boolean;
  readonly prepare?: () => Promise<void>;
  readonly limit?: () => void;
  readonly requireRestart?: () => void;
}) {
  const { rights = full, environment = {}, keep = false, limit, requireRestart = () => {} } = options;
  const done: string[] = [];
  const told = (level: string) => (message: string, fields?: unknown, more?: unknown) =>
    done.push(`${level}: ${message} ${JSON.stringify(more ?? fields)}`);
  const log: Log = {
    info: told('info'),
    warning: told('warning'),
    error: (message, error, fields) => done.push(`error: ${message}: ${String(error)} ${JSON.stringify(fields)}`),
    debug: () => {},
    isVerbose: () => false,
  };
  const self: PrivilegedProcess = {
    id: 42,
    environment,
    status: () => status(rights),
    limit(kept) {
      done.push(`limit ${kept.toString(16)}`);
      limit?.();
    },
    requireRestart,
    restart: (next) => void done.push(`restart ${JSON.stringify(next)}`),
  };
  const prepare =
    options.prepare ??
    (async () => {
      await Promise.resolve();
      done.push('prepare');
    });
  await dropPrivileges({ keep, prepare, log, self });
  return { done, environment };
}

describe('dropping privileges', () => {
  it('prepares, limits this thread, and begins anew with the same environment', async () => {
    const { done } = await start({ environment: { PATH: '/bin' } });
    expect(done).toEqual(['prepare', 'limit 3400', 'restart {"PATH":"/bin","IPVS_PROXIER_RESTARTED":"42"}']);
  });

  it('does nothing where there is nothing to drop', async () => {
    expect((await start({ rights: few })).done).toEqual([]);
    expect((await start({ rights: '0000000000003000' })).done).toEqual([]);
  });

  it('does nothing where privileges are to be kept', async () => {
    expect((await start({ keep: true })).done).toEqual([]);
  });

  it('says after the restart what is left, and hides the mark from programs', async () => {
    const { done, environment } = await start({ rights: few, environment: { IPVS_PROXIER_RESTARTED: '42', A: 'b' } });
    expect(done).toEqual(['info: Dropped privileges {"left":"NET_BIND_SERVICE,NET_ADMIN,NET_RAW"}']);
    expect(environment).toEqual({ A: 'b' });
  });

  it('begins anew once only, and says what could not be dropped', async () => {
    const rights = '0000000000203000';
    const { done } = await start({ rights, environment: { IPVS_PROXIER_RESTARTED: '42' } });
    expect(done).toEqual(['warning: Not all privileges that are not needed could be dropped {"surplus":"SYS_ADMIN"}']);
  });

  it('does not take the mark of another process for its own', async () => {
    const { done } = await start({ environment: { IPVS_PROXIER_RESTARTED: '41' } });
    expect(done).toEqual(['prepare', 'limit 3400', 'restart {"IPVS_PROXIER_RESTARTED":"42"}']);
  });

  it('goes on without the addon, and says so', async () => {
    const limit = () => {
      throw new AddonLoadError(['/x/netlink.node'], ['not there']);
    };
    const { done } = await start({ rights: '0000000000203000', limit });
    expect(done).toEqual([
      'prepare',
      'limit 3400',
      expect.stringMatching(
        /^error: Privileges .* could not be dropped: .*addon not loaded.* \{"surplus":"SYS_ADMIN"\}$/,
      ),
    ]);
  });

  it('keeps everything where the program cannot begin anew, and says so', async () => {
    const requireRestart = () => {
      throw new Error('EACCES: permission denied, access /x/node');
    };
    const { done } = await start({ requireRestart });
    expect(done).toEqual([expect.stringMatching(/^error: Privileges .* EACCES: permission denied/)]);
  });
});
