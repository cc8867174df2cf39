import { existsSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { IpvsOperation } from '../../model/operation.ts';
import type { ObservedRealServer } from '../../model/real-server.ts';
import type { VirtualServer, VirtualServerIdentity, VirtualServerKey } from '../../model/virtual-server.ts';
import { virtualServerFamily } from '../../model/virtual-server.ts';
import { errno, NetlinkError } from '../../netlink/errors.ts';
import { giveBack } from '../../netlink/give-back.ts';
import { MessageReader } from '../../netlink/message-reader.ts';
import { MessageWriter } from '../../netlink/message-writer.ts';
import type { MessageFailure, Transport } from '../../netlink/transport.ts';
import type {
  IpvsDriver,
  IpvsTimeouts,
  ListedVirtualServer,
  ObservedVirtualServer,
  OperationFailure,
  SyncDaemon,
  TableVisitor,
} from '../drivers.ts';
import { decodeDaemons } from './decode-daemons.ts';
import { decodeRealServer } from './decode-real-server.ts';
import type { IpvsInfo } from './decode-settings.ts';
import { decodeInfo, decodeTimeouts } from './decode-settings.ts';
import { decodeVirtualServer } from './decode-virtual-server.ts';
import {
  encodeFlush,
  encodeGetDaemons,
  encodeGetInfo,
  encodeGetTimeouts,
  encodeGetVirtualServer,
  encodeListRealServers,
  encodeListVirtualServers,
  encodeOperation,
  encodeSetTimeouts,
  encodeZero,
} from './encode.ts';
import { commandError, operationError } from './failure.ts';
import { readInSlices } from './read-in-slices.ts';
import { settle } from './settle.ts';
import { TableText } from './table-text.ts';

/** Virtual servers that a scan shows before the event loop may do something else. */
const scanSlice = 500;

/** What a driver of the kernel's IPVS needs. */
export interface IpvsDriverOptions {
  /** A transport for generic netlink, in the network namespace whose table is meant. The caller closes it. */
  readonly transport: Transport;
  /** Another one that only lists real servers, best one with small receive buffers; default `transport`. */
  readonly realServerTransport?: Transport;
  /** The table as text. Default `/proc/net/ip_vs`, which is that of the network namespace of this process. */
  readonly tablePath?: string;
  /**
   * Looks up the number of the generic netlink family `ipvsFamilyName`, which loads the module ip_vs when it has to.
   * Called before the first request, and again when the number has become stale because the module was reloaded.
   */
  readonly resolveFamily: () => Promise<number>;
}

/** The driver, with what only command line tools ask for. */
export interface IpvsKernelDriver extends IpvsDriver {
  /** Version of IPVS and size of its connection table. */
  info(): Promise<IpvsInfo>;
  /**
   * All virtual servers in the kernel's order, without their real servers; those of other protocols are left out.
   * Without counters they cost a third; all of them are 0 then. By default with counters.
   */
  listVirtualServers(counters?: 'withCounters' | 'withoutCounters'): Promise<readonly ListedVirtualServer[]>;
  /** One virtual server; undefined when there is none. */
  findVirtualServer(identity: VirtualServerIdentity): Promise<ListedVirtualServer | undefined>;
  /** The synchronization daemons that run: none, one or two. */
  daemons(): Promise<readonly SyncDaemon[]>;
  /** Removes every virtual server of the namespace, ours or not. */
  flush(): Promise<void>;
  /** Resets the counters of one virtual server and its real servers, or of everything. */
  zeroCounters(virtualServer?: VirtualServer): Promise<void>;
}

/** IPVS through generic netlink. */
export function createIpvsDriver(options: IpvsDriverOptions): IpvsKernelDriver {
  return new GenericNetlinkIpvsDriver(options);
}

/** Virtual servers whose real servers are asked for in one go: bounds the size of what comes back. */
const virtualServersPerRequest = 512;

type Fill = (writer: MessageWriter, family: number) => void;

class GenericNetlinkIpvsDriver implements IpvsKernelDriver {
  readonly #transport: Transport;
  readonly #realServerTransport: Transport;
  readonly #tablePath: string;
  readonly #resolveFamily: () => Promise<number>;
  readonly #writer = new MessageWriter();
  #family: number | undefined;

  constructor(options: IpvsDriverOptions) {
    this.#transport = options.transport;
    this.#realServerTransport = options.realServerTransport ?? options.transport;
    this.#tablePath = options.tablePath ?? '/proc/net/ip_vs';
    this.#resolveFamily = options.resolveFamily;
  }

  async list(): Promise<readonly ObservedVirtualServer[]> {
    const found = await this.listVirtualServers();
    const realServers = await this.listRealServers(found.map(({ virtualServer }) => virtualServer));
    return found.map(({ virtualServer, counters }, index) => ({
      virtualServer,
      counters,
      realServers: realServers[index] ?? [],
    }));
  }

  /** Virtual servers over netlink, where they cost little; real servers from the text of the table. */
  async scan(visitor: TableVisitor): Promise<void> {
    const unseen = await this.#visitVirtualServers(visitor);
    if (existsSync(this.#tablePath)) await this.#visitText(visitor, (key) => unseen.delete(key));
    // Where another network namespace has virtual servers too the text lacks some of ours: see `ListingText.hasAll`.
    if (unseen.size > 0) await this.#visitRealServers(unseen, visitor);
  }

  async listRealServers(virtualServers: readonly VirtualServer[]): Promise<readonly (readonly ObservedRealServer[])[]> {
    const lists: (readonly ObservedRealServer[])[] = [];
    for (let start = 0; start < virtualServers.length; start += virtualServersPerRequest) {
      const chunk = virtualServers.slice(start, start + virtualServersPerRequest);
      const fill: Fill = (writer, family) => {
        for (const { identity } of chunk) encodeListRealServers(writer, family, identity);
      };
      const replies = await this.#request('list real servers', fill, this.#realServerTransport);
      lists.push(...realServersByRequest(replies, this.#writer.firstSequence, chunk));
      giveBack(replies);
    }
    return lists;
  }

  async apply(operations: readonly IpvsOperation[]): Promise<readonly OperationFailure[]> {
    if (operations.length === 0) return [];
    const { repairs, failures } = settle(operations, await this.#exchangeOperations(operations));
    const repairOperations = repairs.map(({ operation }) => operation);
    const failed = failures.map((refusal) => operationFailure(operations, refusal, refusal.index));
    if (repairs.length === 0) return failed;
    for (const refusal of await this.#exchangeOperations(repairOperations)) {
      failed.push(operationFailure(repairOperations, refusal, repairs[refusal.index]?.index ?? -1));
    }
    return failed.sort((a, b) => a.index - b.index);
  }

  async timeouts(): Promise<IpvsTimeouts> {
    return decodeTimeouts(await this.#requestOne('read IPVS time-outs', encodeGetTimeouts));
  }

  async setTimeouts(timeouts: IpvsTimeouts): Promise<void> {
    const { tcpSeconds, tcpFinSeconds, udpSeconds } = timeouts;
    await this.#exchangeOne(
      `set IPVS time-outs to ${tcpSeconds}, ${tcpFinSeconds} and ${udpSeconds} seconds`,
      (writer, family) => encodeSetTimeouts(writer, family, timeouts),
    );
  }

  async info(): Promise<IpvsInfo> {
    return decodeInfo(await this.#requestOne('read IPVS version', encodeGetInfo));
  }

  async listVirtualServers(
    counters: 'withCounters' | 'withoutCounters' = 'withCounters',
  ): Promise<readonly ListedVirtualServer[]> {
    const replies = await this.#request('list virtual servers', encodeListVirtualServers);
    const reader = new MessageReader(replies);
    const found = new Map<string, ListedVirtualServer>();
    while (reader.next()) {
      const decoded = decodeVirtualServer(reader, counters);
      if (decoded !== undefined) found.set(decoded.virtualServer.key, decoded);
    }
    giveBack(replies);
    return [...found.values()];
  }

  async findVirtualServer(identity: VirtualServerIdentity): Promise<ListedVirtualServer | undefined> {
    const fill: Fill = (writer, family) => encodeGetVirtualServer(writer, family, identity);
    try {
      return decodeVirtualServer(await this.#requestOne('read virtual server', fill));
    } catch (error) {
      if (error instanceof NetlinkError && error.errno === errno.ESRCH) return undefined;
      throw error;
    }
  }

  async daemons(): Promise<readonly SyncDaemon[]> {
    return decodeDaemons(await this.#request('list synchronization daemons', encodeGetDaemons));
  }

  async flush(): Promise<void> {
    await this.#exchangeOne('remove all virtual servers', encodeFlush);
  }

  async zeroCounters(virtualServer?: VirtualServer): Promise<void> {
    const what = virtualServer === undefined ? 'reset all counters' : `reset counters of ${virtualServer.key}`;
    await this.#exchangeOne(what, (writer, family) => encodeZero(writer, family, virtualServer?.identity));
  }

  /** Returns their keys. */
  async #visitVirtualServers(visitor: TableVisitor): Promise<Set<VirtualServerKey>> {
    const seen = new Set<VirtualServerKey>();
    const replies = await this.#request('list virtual servers', encodeListVirtualServers);
    const reader = new MessageReader(replies);
    // The kernel walks the table by index: a virtual server may come twice when others change the table meanwhile.
    while (reader.next()) {
      const decoded = decodeVirtualServer(reader);
      if (decoded === undefined || seen.has(decoded.virtualServer.key)) continue;
      visitor.virtualServer(decoded.virtualServer, decoded.counters);
      if (seen.add(decoded.virtualServer.key).size % scanSlice === 0) await nextTurn();
    }
    giveBack(replies);
    return seen;
  }

  async #visitText(visitor: TableVisitor, onSeen: (key: VirtualServerKey) => void): Promise<void> {
    const text = new TableText((key, realServers) => {
      onSeen(key);
      if (visitor.knows?.(key, realServers.digest)) return;
      visitor.realServers(key, realServers.read(), realServers.digest);
    });
    for await (const piece of readInSlices(this.#tablePath)) {
      text.push(piece);
      await visitor.pause?.();
    }
    text.end();
  }

  async #visitRealServers(keys: ReadonlySet<VirtualServerKey>, visitor: TableVisitor): Promise<void> {
    const virtualServers = (await this.listVirtualServers('withoutCounters')).map(({ virtualServer }) => virtualServer);
    const addressed = virtualServers.filter(({ identity, key }) => identity.kind === 'address' && keys.has(key));
    for (let start = 0; start < addressed.length; start += virtualServersPerRequest) {
      await visitor.pause?.();
      const chunk = addressed.slice(start, start + virtualServersPerRequest);
      const listed = await this.listRealServers(chunk);
      for (const [index, { key }] of chunk.entries()) visitor.realServers(key, listed[index] ?? []);
    }
  }

  #exchangeOperations(operations: readonly IpvsOperation[]): Promise<readonly MessageFailure[]> {
    return this.#exchange((writer, family) => {
      for (const operation of operations) encodeOperation(writer, family, operation);
    });
  }

  async #exchangeOne(what: string, fill: Fill): Promise<void> {
    const [refusal] = await this.#exchange(fill);
    if (refusal !== undefined) throw commandError(what, refusal.errno, refusal.message);
  }

  /** Sends a batch; once more when every message was refused because the family has got another number. */
  async #exchange(fill: Fill): Promise<readonly MessageFailure[]> {
    const family = this.#family ?? (await this.#lookUpFamily());
    this.#fill(fill, family);
    const refusals = await this.#transport.exchange(this.#writer);
    if (!looksLikeStaleFamily(refusals, this.#writer.count)) return refusals;
    const current = await this.#lookUpFamily();
    if (current === family) return refusals;
    this.#fill(fill, current);
    return this.#transport.exchange(this.#writer);
  }

  /** Asks the kernel; once more when it refuses because the family has got another number. */
  async #request(what: string, fill: Fill, transport = this.#transport): Promise<Uint8Array> {
    const family = this.#family ?? (await this.#lookUpFamily());
    try {
      return await this.#requestAs(family, fill, transport);
    } catch (error) {
      if (!(error instanceof NetlinkError)) throw error;
      if (error.errno === errno.EPERM) throw commandError(what, error.errno);
      if (error.errno !== errno.ENOENT) throw error;
      const current = await this.#lookUpFamily();
      if (current === family) throw error;
      return this.#requestAs(current, fill, transport);
    }
  }

  #requestAs(family: number, fill: Fill, transport: Transport): Promise<Uint8Array> {
    this.#fill(fill, family);
    return transport.request(this.#writer);
  }

  /** The reader at the only reply. */
  async #requestOne(what: string, fill: Fill): Promise<MessageReader> {
    const reader = new MessageReader(await this.#request(what, fill));
    if (!reader.next()) throw new NetlinkError(`${what}: no reply`, errno.EIO);
    return reader;
  }

  #fill(fill: Fill, family: number): void {
    this.#writer.reset();
    fill(this.#writer, family);
  }

  async #lookUpFamily(): Promise<number> {
    this.#family = await this.#resolveFamily();
    return this.#family;
  }
}

/** A stale family number is refused with ENOENT, whatever the message says. */
function looksLikeStaleFamily(refusals: readonly MessageFailure[], count: number): boolean {
  return refusals.length === count && refusals.every((refusal) => refusal.errno === errno.ENOENT);
}

function operationFailure(
  operations: readonly IpvsOperation[],
  refusal: MessageFailure,
  index: number,
): OperationFailure {
  const operation = operations[refusal.index] as IpvsOperation;
  return { index, error: operationError(operation, refusal.errno, refusal.message) };
}

/** Sorts replies to the requests they belong to: they name no virtual server, but repeat the request's sequence. */
function realServersByRequest(
  replies: Uint8Array,
  firstSequence: number,
  virtualServers: readonly VirtualServer[],
): readonly (readonly ObservedRealServer[])[] {
  const lists = virtualServers.map(() => new Map<string, ObservedRealServer>());
  const reader = new MessageReader(replies);
  while (reader.next()) {
    const index = reader.sequence - firstSequence;
    const virtualServer = virtualServers[index];
    if (virtualServer === undefined)
      throw new NetlinkError(`list real servers: reply ${index} was not asked for`, errno.EIO);
    const realServer = decodeRealServer(reader, virtualServerFamily(virtualServer.identity));
    lists[index]?.set(realServer.key, realServer);
  }
  return lists.map((list) => [...list.values()]);
}
