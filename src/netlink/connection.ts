import type { NativeResult, NetlinkAddon } from '../native/addon.ts';
import { messageFlags, netlinkProtocol } from './constants.ts';
import { DumpInterruptedError, errno, NetlinkError } from './errors.ts';
import { MessageReader } from './message-reader.ts';
import type { MessageWriter } from './message-writer.ts';
import { readRefusals, readVerdict } from './refusal.ts';
import type { MessageFailure, Transport } from './transport.ts';

export interface AddonTransportOptions {
  readonly addon: NetlinkAddon;
  /** One of `netlinkProtocol`. */
  readonly protocol: number;
  /** How long to wait for a reply that does not come, in milliseconds. Default 5000. */
  readonly timeoutMs?: number;
  /**
   * `large` (the default) reads dumps in datagrams of up to 32 KiB; `small` in single pages, which is twice as fast
   * for thousands of dumps that answer with a few messages each.
   */
  readonly dumps?: 'large' | 'small';
  /**
   * Most bytes that `exchange` sends at once. Default 65536. Less lets other users of the kernel's locks in between,
   * where each message is slow.
   */
  readonly datagramBytes?: number;
  /** rtnetlink: headers and attributes of dump requests are filters. Default false. */
  readonly strictCheck?: boolean;
  /** Conversations take long; those of other transports do not wait for them. Default false. */
  readonly background?: boolean;
}

/** Socket buffers, in bytes: room for the refusal of every message of a 64 KiB datagram (768 bytes each and more). */
const receiveBufferBytes = 4 * 1024 * 1024;
const sendBufferBytes = 1024 * 1024;
const pageBytes = 4096;
const dumpAttempts = 5;

/**
 * Opens a transport over the addon: system calls are made in the addon's own thread, so the event loop is never held
 * up. Throws `NetlinkError` when there can be no such socket.
 */
export function openAddonTransport(options: AddonTransportOptions): Transport {
  const transport = new AddonTransport(options);
  transport.open();
  return transport;
}

class AddonTransport implements Transport {
  readonly #addon: NetlinkAddon;
  readonly #options: AddonTransportOptions;
  readonly #timeoutMs: number;
  readonly #name: string;
  #socket: number | undefined;
  #closed = false;

  constructor(options: AddonTransportOptions) {
    this.#addon = options.addon;
    this.#options = options;
    this.#timeoutMs = options.timeoutMs ?? 5000;
    this.#name = protocolName(options.protocol);
  }

  open(): number {
    if (this.#closed) throw new NetlinkError(`use ${this.#name}`, errno.EBADF, 'the transport is closed');
    this.#socket ??= this.#openSocket();
    return this.#socket;
  }

  async exchange(batch: MessageWriter): Promise<readonly MessageFailure[]> {
    if (batch.count === 0) return [];
    const socket = this.open();
    const firstSequence = batch.firstSequence;
    const result = await this.#addon.exchange(socket, batch.bytes, this.#timeoutMs);
    if (result.errno !== 0) throw this.#outcomeUnknown(socket, 'batch', result.errno);
    return readRefusals(result.bytes, firstSequence);
  }

  async request(batch: MessageWriter): Promise<Uint8Array> {
    if (batch.count === 0) return new Uint8Array(0);
    const requests = batch.bytes;
    for (let attempt = 1; attempt <= dumpAttempts; attempt++) {
      const socket = this.open();
      const result = await this.#addon.dumpMany(socket, requests, this.#timeoutMs);
      if (result.refused) throw this.#refused(result);
      if (result.errno !== 0) throw this.#outcomeUnknown(socket, 'request', result.errno);
      if ((result.flags & messageFlags.dumpInterrupted) === 0) return result.bytes;
    }
    throw new DumpInterruptedError(`${this.#name} request`);
  }

  close(): void {
    this.#closed = true;
    this.#discardSocket();
  }

  #openSocket(): number {
    const { protocol, dumps, datagramBytes, strictCheck, background } = this.#options;
    try {
      return this.#addon.open({
        protocol,
        receiveBufferBytes,
        sendBufferBytes,
        ...(dumps === 'small' ? { readBytes: pageBytes } : {}),
        ...(datagramBytes === undefined ? {} : { datagramBytes }),
        ...(strictCheck === undefined ? {} : { strictCheck }),
        ...(background === undefined ? {} : { background }),
      });
    } catch (error) {
      throw openFailure(this.#name, error);
    }
  }

  /** The next call gets a fresh socket: on this one a late reply or half a dump may still be queued. */
  #outcomeUnknown(socket: number, what: string, number: number): NetlinkError {
    if (this.#socket === socket) this.#discardSocket();
    return new NetlinkError(`${this.#name} ${what}`, number, unknownOutcome[number] ?? 'the outcome is unknown');
  }

  #refused(result: NativeResult): NetlinkError {
    const reader = new MessageReader(result.bytes);
    const message = reader.next() ? readVerdict(reader).message : undefined;
    return new NetlinkError(`${this.#name} request`, result.errno, message);
  }

  #discardSocket(): void {
    if (this.#socket !== undefined) this.#addon.close(this.#socket);
    this.#socket = undefined;
  }
}

const unknownOutcome: Readonly<Record<number, string>> = {
  [errno.ETIMEDOUT]: 'the kernel did not answer in time; the outcome is unknown',
  [errno.ENOBUFS]: 'replies were lost because the receive buffer was full; the outcome is unknown',
  [errno.EMSGSIZE]: 'a message is larger than the socket takes; the outcome is unknown',
  [errno.EBADF]: 'the socket was closed meanwhile; the outcome is unknown',
};

/** e.g. `netlink route`. */
export function protocolName(protocol: number): string {
  const name = Object.entries(netlinkProtocol).find(([, number]) => number === protocol)?.[0];
  return `netlink ${name ?? protocol}`;
}

/** An error of `open`, which carries `errno` when the system refused, as a `NetlinkError`. */
export function openFailure(what: string, error: unknown): unknown {
  const number = error instanceof Error ? (error as Error & { errno?: unknown }).errno : undefined;
  if (typeof number !== 'number') return error;
  return new NetlinkError(`open ${what}`, Math.abs(number), undefined, { cause: error });
}
