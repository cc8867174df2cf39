import { describe, expect, it } from '@jest/globals';
import type { MonitorListener, WatchedAddressEvent } from '../../../../src/kernel/address/watch.ts';
import { watchAddresses } from '../../../../src/kernel/address/watch.ts';
import { NetlinkError } from '../../../../src/netlink/errors.ts';
import { readRecording, recordedCommand } from '../../../support/captured/read-recording.ts';
import { concatenate } from '../../../support/fake-transport.ts';

const recording = readRecording('address-iproute2-6.1.0.hex');

function setUp() {
  const events: WatchedAddressEvent[] = [];
  const calls: string[] = [];
  let listener: MonitorListener | undefined;
  const monitor = watchAddresses({
    openMonitor: (given) => {
      listener = given;
      return { close: () => calls.push('close') };
    },
    ownInterfaceIndex: () => 2,
    onChange: (event) => events.push(event),
    onOverflow: () => calls.push('overflow'),
    onFailure: (error) => calls.push(error.errnoName),
  });
  if (listener === undefined) throw new Error('no subscription');
  return { events, calls, listener, monitor };
}

describe('watchAddresses', () => {
  it('tells changes of the dummy interface from others', () => {
    const { events, listener } = setUp();
    listener.onMessages(concatenate(recordedCommand(recording, 'ip -d link show veth0').received));
    listener.onMessages(concatenate(recordedCommand(recording, 'timeout 3 ip monitor address link').received));
    expect(events[0]).toEqual({ kind: 'linkChanged', interfaceIndex: 4, isOwnInterface: false });
    expect(events.at(-1)).toEqual({ kind: 'linkRemoved', interfaceIndex: 2, isOwnInterface: true });
  });

  it('passes on lost messages, its end, and takes unreadable bytes for lost messages', () => {
    const { calls, listener, monitor } = setUp();
    listener.onOverflow();
    listener.onMessages(new Uint8Array([1, 2, 3]));
    listener.onFailure(new NetlinkError('monitor', 9));
    monitor.close();
    expect(calls).toEqual(['overflow', 'overflow', 'EBADF', 'close']);
  });
});
