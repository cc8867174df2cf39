// Makes many calls and prints what they left behind: growth of memory in bytes, and of open files.
import { readdirSync } from 'node:fs';
import { loadNetlinkAddon } from '../../../src/native/addon.ts';
import { messageFlags, netlinkProtocol } from '../../../src/netlink/constants.ts';
import { MessageWriter } from '../../../src/netlink/message-writer.ts';
import { absentInterface, getLink, noOperation } from '../route-messages.ts';

const addon = loadNetlinkAddon();
const socket = addon.open({ protocol: netlinkProtocol.route, receiveBufferBytes: 4 * 1024 * 1024 });
const writer = new MessageWriter();

async function calls(count: number): Promise<void> {
  for (let call = 0; call < count; call++) {
    writer.reset();
    for (let message = 0; message < 20; message++) noOperation(writer);
    getLink(writer, 0, absentInterface);
    await addon.exchange(socket, writer.bytes, 1000);
    if (call % 20 === 0) await rarerCalls();
  }
}

/** A large answer, whose memory is handed over; a socket and a monitor that come and go. */
async function rarerCalls(): Promise<void> {
  writer.reset();
  for (let message = 0; message < 30; message++) getLink(writer, messageFlags.dump);
  await addon.dumpMany(socket, writer.bytes, 1000);
  addon.dumpManySync(socket, writer.bytes.subarray(0, 32), 1000);
  addon.close(addon.open({ protocol: netlinkProtocol.route }));
  addon.closeMonitor(addon.monitor({ protocol: netlinkProtocol.route, groups: [1] }, () => undefined));
}

async function settled(): Promise<{ memoryBytes: number; files: number }> {
  for (let round = 0; round < 3; round++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    globalThis.gc?.();
  }
  return { memoryBytes: process.memoryUsage.rss(), files: readdirSync('/proc/self/fd').length };
}

await calls(5000);
const before = await settled();
await calls(Number(process.argv[2]));
const after = await settled();
console.log(JSON.stringify({ memoryBytes: after.memoryBytes - before.memoryBytes, files: after.files - before.files }));
