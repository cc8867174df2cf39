import { describe, expect, it } from '@jest/globals';
import type { NativeResult, NetlinkAddon } from '../../../src/native/addon.ts';
import { errno } from '../../../src/netlink/errors.ts';
import { openRouteMonitor } from '../../../src/netlink/monitor.ts';
import { monitoringAddon } from '../../support/monitoring-addon.ts';

function recordingMonitor(addon: NetlinkAddon) {
  const calls: string[] = [];
  const monitor = openRouteMonitor({
    addon,
    onMessages: (bytes) => calls.push(`messages ${bytes.length}`),
    onOverflow: () => calls.push('overflow'),
    onFailure: (error) => calls.push(`failure ${error.errnoName}`),
  });
  return { monitor, calls };
}

const event = (number: number, size: number): NativeResult => ({
  errno: number,
  refused: false,
  flags: 0,
  bytes: new Uint8Array(size),
});

describe('openRouteMonitor', () => {
  it('subscribes to links and addresses', () => {
    const { addon, seen } = monitoringAddon();
    recordingMonitor(addon);
    expect(seen.options).toEqual([{ protocol: 0, groups: [1, 5, 9], receiveBufferBytes: 4 * 1024 * 1024 }]);
  });

  it('tells messages, then that some were lost', () => {
    const { addon, seen } = monitoringAddon();
    const { calls } = recordingMonitor(addon);
    seen.tell(event(0, 20));
    seen.tell(event(errno.ENOBUFS, 40));
    seen.tell(event(errno.ENOBUFS, 0));
    expect(calls).toEqual(['messages 20', 'messages 40', 'overflow', 'overflow']);
  });

  it('tells when it has ended', () => {
    const { addon, seen } = monitoringAddon();
    const { calls } = recordingMonitor(addon);
    seen.tell(event(errno.EBADF, 0));
    expect(calls).toEqual(['failure EBADF']);
  });

  it('closes', () => {
    const { addon, seen } = monitoringAddon();
    recordingMonitor(addon).monitor.close();
    expect(seen.closed).toEqual([1]);
  });

  it('turns a refused subscription into a NetlinkError', () => {
    const { addon } = monitoringAddon();
    addon.monitor = () => {
      throw Object.assign(new Error('refused'), { errno: errno.EPERM });
    };
    expect(() => recordingMonitor(addon)).toThrow(
      expect.objectContaining({
        code: 'NETLINK_FAILED',
        operation: 'open monitor of netlink route',
        errnoName: 'EPERM',
      }),
    );
  });
});
