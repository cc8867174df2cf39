import { describe, expect, it } from '@jest/globals';
import { requireScheduler } from '../../../../src/app/node/require-scheduler.ts';
import { operationError } from '../../../../src/kernel/ipvs/failure.ts';
import { errno } from '../../../../src/netlink/errors.ts';
import { silentLog } from '../../../../src/observe/log.ts';
import { FakeKernel } from '../../../support/fake-kernel.ts';

const unknown = async () => false;

describe('requireScheduler', () => {
  it('writes nothing where the kernel is known to have it', async () => {
    const kernel = new FakeKernel();
    const written: number[] = [];
    await requireScheduler({
      ipvs: kernel.ipvs,
      scheduler: 'rr',
      log: silentLog,
      isKnown: async ({ scheduler }) => scheduler === 'rr',
      onWritten: (operations) => written.push(operations),
    });
    expect([kernel.writes, written]).toEqual([[], []]);
  });

  it('tries it elsewhere, leaves nothing, and tells of both writes', async () => {
    const kernel = new FakeKernel();
    const written: number[] = [];
    await requireScheduler({
      ipvs: kernel.ipvs,
      scheduler: 'wlc',
      log: silentLog,
      isKnown: unknown,
      onWritten: (operations) => written.push(operations),
    });
    expect(kernel.writes).toHaveLength(2);
    expect([kernel.servers.size, written]).toEqual([0, [2]]);
  });

  it('refuses one that the kernel does not have', async () => {
    const apply = async (operations: Parameters<FakeKernel['ipvs']['apply']>[0]) =>
      operations.map((operation, index) => ({ index, error: operationError(operation, errno.ENOENT) }));
    const tried = requireScheduler({ ipvs: { apply }, scheduler: 'mh', log: silentLog, isKnown: unknown });
    await expect(tried).rejects.toMatchObject({ hint: expect.stringMatching(/modprobe ip_vs_mh/) });
  });
});
