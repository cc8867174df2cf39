import { expect, it } from '@jest/globals';
import { commandAttribute, daemonAttribute, ipvsCommand } from '../../../../src/kernel/ipvs/attributes.ts';
import { decodeDaemons } from '../../../../src/kernel/ipvs/decode-daemons.ts';
import { MessageWriter } from '../../../../src/netlink/message-writer.ts';

/** Replies with one daemon each. */
function replies(...daemons: readonly ((writer: MessageWriter) => void)[]): Uint8Array {
  const writer = new MessageWriter();
  writer.reset();
  for (const fill of daemons) {
    writer.begin(0x20, 0);
    writer.header4(ipvsCommand.newDaemon, 1, 0, 0);
    const nest = writer.openNest(commandAttribute.daemon);
    fill(writer);
    writer.closeNest(nest);
    writer.end();
  }
  return writer.bytes;
}

it('daemons of new and of old kernels', () => {
  const bytes = replies(
    (writer) => {
      writer.u32(daemonAttribute.role, 1);
      writer.string(daemonAttribute.interfaceName, 'eth0');
      writer.u32(daemonAttribute.syncId, 7);
      writer.u16(daemonAttribute.maximumLength, 1472);
      writer.ipv4(daemonAttribute.group, '224.0.0.81', 4);
      writer.u16(daemonAttribute.port, 8848);
      writer.u8(daemonAttribute.ttl, 1);
    },
    (writer) => {
      writer.u32(daemonAttribute.role, 2);
      writer.string(daemonAttribute.interfaceName, 'eth1');
      writer.u32(daemonAttribute.syncId, 0);
      writer.raw(daemonAttribute.group6, [0xff, 2, ...Array.from({ length: 13 }, () => 0), 0x81]);
    },
  );
  expect(decodeDaemons(bytes)).toEqual([
    { role: 'master', interfaceName: 'eth0', syncId: 7, maximumLength: 1472, group: '224.0.0.81', port: 8848, ttl: 1 },
    { role: 'backup', interfaceName: 'eth1', syncId: 0, maximumLength: 0, group: 'ff02::81', port: 0, ttl: 0 },
  ]);
  expect(decodeDaemons(new Uint8Array(0))).toEqual([]);
});

it.each([
  ['a state that there is not', (writer: MessageWriter) => writer.u32(daemonAttribute.role, 3), /daemon in state 3/],
  ['no interface', (writer: MessageWriter) => writer.u32(daemonAttribute.role, 1), /without interface/],
])('refuses %s', (_, fill, message) => {
  expect(() => decodeDaemons(replies(fill))).toThrow(message);
});
