// Ends the process with code 7 while the addon is at work in the way named by the argument.
import { loadNetlinkAddon } from '../../../src/native/addon.ts';
import { netlinkProtocol } from '../../../src/netlink/constants.ts';
import { MessageWriter } from '../../../src/netlink/message-writer.ts';
import { absentInterface, getLink, noReply } from '../route-messages.ts';

const addon = loadNetlinkAddon();
const socket = addon.open({ protocol: netlinkProtocol.route, receiveBufferBytes: 4 * 1024 * 1024 });
const writer = new MessageWriter();

const ways: Record<string, () => void> = {
  busy() {
    for (let message = 0; message < 20_000; message++) getLink(writer, 0, absentInterface);
    for (let call = 0; call < 50; call++) void addon.exchange(socket, writer.bytes, 60_000);
  },
  waiting() {
    noReply(writer);
    void addon.dumpMany(socket, writer.bytes, 60_000);
    void addon.dumpMany(socket, writer.bytes, 60_000);
  },
  finished() {
    getLink(writer, 0, absentInterface);
    // Done before the event loop gets to hear of it.
    for (let call = 0; call < 100; call++) void addon.exchange(socket, writer.bytes, 60_000);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 30);
    process.exit(7);
  },
  monitoring() {
    for (let count = 0; count < 5; count++) addon.monitor({ protocol: 0, groups: [1, 5, 9] }, () => undefined);
  },
};

ways[process.argv[2] ?? '']?.();
setTimeout(() => process.exit(7), Number(process.argv[3] ?? 5));
