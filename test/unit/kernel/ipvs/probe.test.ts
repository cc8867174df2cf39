import { describe, expect, it } from '@jest/globals';
import type { OperationFailure } from '../../../../src/kernel/drivers.ts';
import { operationError } from '../../../../src/kernel/ipvs/failure.ts';
import { probeScheduler } from '../../../../src/kernel/ipvs/probe.ts';
import type { IpvsOperation } from '../../../../src/model/operation.ts';
import { errno } from '../../../../src/netlink/errors.ts';

describe('probeScheduler', () => {
  it('adds a virtual server with the scheduler and deletes it', async () => {
    const { apply, seen } = applyWith(undefined);
    expect(await probeScheduler({ apply }, 'wrr')).toBeUndefined();
    expect(seen.map(({ kind, virtualServer }) => [kind, virtualServer.key, virtualServer.scheduler])).toEqual([
      ['addVirtualServer', 'TCP/198.51.100.0:20000', 'wrr'],
      ['deleteVirtualServer', 'TCP/198.51.100.0:20000', 'wrr'],
    ]);
  });

  it('returns the refusal, naming the module', async () => {
    const { apply } = applyWith('addVirtualServer');
    expect((await probeScheduler({ apply }, 'mh'))?.hint).toMatch(/modprobe ip_vs_mh/);
  });

  it('returns the refusal of the deletion', async () => {
    const { apply } = applyWith('deleteVirtualServer');
    expect((await probeScheduler({ apply }, 'mh'))?.operation).toBe('delete virtual server TCP/198.51.100.0:20000');
  });
});

function applyWith(refused: IpvsOperation['kind'] | undefined) {
  const seen: IpvsOperation[] = [];
  const apply = async (operations: readonly IpvsOperation[]): Promise<readonly OperationFailure[]> => {
    seen.push(...operations);
    return operations.flatMap((operation, index) =>
      operation.kind === refused ? [{ index, error: operationError(operation, errno.ENOENT) }] : [],
    );
  };
  return { apply, seen };
}
