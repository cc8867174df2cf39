import { encodeAddress } from '../../src/kernel/address/encode.ts';
import type { AddressDriver, IpSetDriver, RulesDriver } from '../../src/kernel/drivers.ts';
import { queueBySet } from '../../src/kernel/ipset/set-queue.ts';
import { encodeEntries } from '../../src/kernel/ipset/encode.ts';
import { createIpvsDriver } from '../../src/kernel/ipvs/driver.ts';
import type { IpSetOperation } from '../../src/model/operation.ts';
import { MessageWriter } from '../../src/netlink/message-writer.ts';
import type { Transport } from '../../src/netlink/transport.ts';
import type { Drivers } from '../../src/reconcile/reconciler.ts';

/** How much was sent into the void. */
export interface Sent {
  messages: number;
  bytes: number;
}

/** Drivers that encode every message and send none: a kernel that costs nothing, for measuring what we cost. */
export function nullKernel(sent: Sent): Drivers {
  const transport = nullTransport(sent);
  return {
    ipvs: createIpvsDriver({ transport, resolveFamily: () => Promise.resolve(30) }),
    address: nullAddresses(transport),
    ipset: nullSets(transport),
    rules: nullRules,
    conntrack: { listUdpFlows: () => Promise.resolve([]), deleteFlows: () => Promise.resolve(0) },
  };
}

function nullTransport(sent: Sent): Transport {
  return {
    async exchange(batch) {
      sent.messages += batch.count;
      sent.bytes += batch.bytes.length;
      await nextTurn();
      return [];
    },
    async request() {
      await nextTurn();
      return new Uint8Array(0);
    },
    close() {},
  };
}

/** The addon answers from another thread, so in another turn of the event loop. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** As many as the driver sends at a time. */
const addressesPerExchange = 100;

function nullAddresses(transport: Transport): AddressDriver {
  const writer = new MessageWriter();
  return {
    ensureInterface: () => Promise.resolve(false),
    list: () => Promise.resolve([]),
    listNodeAddresses: () => Promise.resolve([]),
    async apply(operations) {
      for (let from = 0; from < operations.length; from += addressesPerExchange) {
        writer.reset();
        for (const operation of operations.slice(from, from + addressesPerExchange))
          encodeAddress(writer, operation, 2);
        await transport.exchange(writer);
      }
      return [];
    },
  };
}

function nullSets(transport: Transport): IpSetDriver {
  const writer = new MessageWriter();
  const send = async (operations: readonly IpSetOperation[]) => {
    writer.reset();
    for (const step of queueBySet(operations).flat()) {
      if (step.kind !== 'create') encodeEntries(writer, step.kind, step.name, step.entries);
    }
    await transport.exchange(writer);
  };
  return {
    list: () => Promise.resolve([]),
    async apply(operations) {
      await send(operations);
      return [];
    },
    async replaceSet(set, entries) {
      await send(entries.map((entry) => ({ kind: 'addEntry', set: set.name, entry })));
    },
    destroy: () => Promise.resolve([]),
  };
}

const nullRules: RulesDriver = {
  families: () => Promise.resolve(['IPv4', 'IPv6']),
  compare: () => Promise.resolve([]),
  apply: () => Promise.resolve(false),
  remove: () => Promise.resolve(),
};
