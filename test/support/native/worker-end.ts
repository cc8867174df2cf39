// Ends worker threads while the addon is at work in them; prints how many ended.
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { loadNetlinkAddon } from '../../../src/native/addon.ts';
import { netlinkProtocol } from '../../../src/netlink/constants.ts';
import { MessageWriter } from '../../../src/netlink/message-writer.ts';
import { absentInterface, getLink, noReply } from '../route-messages.ts';

async function endWorkers(count: number): Promise<void> {
  for (let ended = 0; ended < count; ended++) {
    const worker = new Worker(new URL(import.meta.url), { argv: [ended % 2 === 0 ? 'waiting' : 'busy'] });
    await new Promise((resolve) => worker.once('message', resolve));
    await worker.terminate();
  }
  console.log(count);
}

function work(way: string | undefined): void {
  const addon = loadNetlinkAddon();
  const socket = addon.open({ protocol: netlinkProtocol.route, receiveBufferBytes: 4 * 1024 * 1024 });
  const writer = new MessageWriter();
  addon.monitor({ protocol: netlinkProtocol.route, groups: [1, 5, 9] }, () => undefined);
  if (way === 'waiting') noReply(writer);
  else for (let message = 0; message < 5000; message++) getLink(writer, 0, absentInterface);
  for (let count = 0; count < 20; count++) {
    void (way === 'waiting'
      ? addon.dumpMany(socket, writer.bytes, 60_000)
      : addon.exchange(socket, writer.bytes, 60_000));
  }
  parentPort?.postMessage('at work');
}

if (isMainThread) await endWorkers(20);
else work(process.argv[2]);
