import type { RawNetlinkSocket } from 'netlink';
import { littleEndian } from './byte-order.ts';
import { openFailure, protocolName } from './connection.ts';
import { controlMessage, messageFlags, messageHeaderBytes } from './constants.ts';
import { DumpInterruptedError, errno, NetlinkError } from './errors.ts';
import { MessageReader } from './message-reader.ts';
import type { MessageWriter } from './message-writer.ts';
import { readRefusals, readVerdict } from './refusal.ts';
import { type DatagramRange, splitBatch } from './split-batch.ts';
import type { MessageFailure, OpenTransport, Transport } from './transport.ts';

/**
 * Loads the npm package `netlink` and returns what opens transports over it: the way out where the addon cannot be
 * loaded. Slower, without the kernel's own words in errors, and on the main thread only. Rejects when the package does
 * not load either. `timeoutMs` is how long to wait for a reply that does not come.
 *
 * The package ends the process when its receive buffer overflows and when a listener throws. Therefore one datagram of
 * at most 128 messages is under way at a time, listeners never throw, and calls settle outside the package's
 * callbacks. It must not be used for multicast groups.
 */
export async function loadPackageTransport(timeoutMs = 5000): Promise<OpenTransport> {
  const { RawNetlinkSocket } = await import('netlink');
  return (protocol) => {
    const transport = new PackageTransport(
      protocolName(protocol),
      timeoutMs,
      () => new RawNetlinkSocket(protocol, buffers),
    );
    transport.open();
    return transport;
  };
}

/** In bytes. The system's limits apply: as a rule 212,992, which it doubles. */
const buffers = { recvBufferSize: 4 * 1024 * 1024, sendBufferSize: 1024 * 1024 };
/** Half of even the default receive buffer holds the refusals of so many messages, requests echoed. */
const mostMessages = 128;
const mostBytes = 32 * 1024;
const dumpAttempts = 5;

/** Takes a datagram; returns whether the answer is complete. */
type Listener = (datagram: Uint8Array) => boolean;

class PackageTransport implements Transport {
  readonly #name: string;
  readonly #timeoutMs: number;
  readonly #openSocket: () => RawNetlinkSocket;
  #socket: RawNetlinkSocket | undefined;
  #closed = false;
  #turn: Promise<unknown> = Promise.resolve();
  #onDatagram: ((datagram: Uint8Array) => void) | undefined;
  #onFailure: ((error: unknown) => void) | undefined;

  constructor(name: string, timeoutMs: number, openSocket: () => RawNetlinkSocket) {
    this.#name = name;
    this.#timeoutMs = timeoutMs;
    this.#openSocket = openSocket;
  }

  open(): RawNetlinkSocket {
    if (this.#closed) throw new NetlinkError(`use ${this.#name}`, errno.EBADF, 'the transport is closed');
    this.#socket ??= this.#connect();
    return this.#socket;
  }

  exchange(batch: MessageWriter): Promise<readonly MessageFailure[]> {
    return this.#inTurn(async () => {
      const failures: MessageFailure[] = [];
      for (const range of splitBatch(batch.bytes, mostMessages, mostBytes)) {
        await this.#sendAcknowledged(batch.bytes, batch.firstSequence, range, failures);
      }
      return failures;
    });
  }

  request(batch: MessageWriter): Promise<Uint8Array> {
    return this.#inTurn(async () => {
      for (let attempt = 1; attempt <= dumpAttempts; attempt++) {
        const answer = new Answer(`${this.#name} request`);
        for (const range of splitBatch(batch.bytes, 1, mostBytes)) await this.#ask(batch.bytes, range, answer);
        if (!answer.interrupted) return Buffer.concat(answer.messages);
      }
      throw new DumpInterruptedError(`${this.#name} request`);
    });
  }

  close(): void {
    this.#closed = true;
    this.#onFailure?.(new NetlinkError(`use ${this.#name}`, errno.EBADF, 'closed meanwhile; the outcome is unknown'));
    this.#discardSocket();
  }

  /** One conversation after the other. */
  #inTurn<Outcome>(conversation: () => Promise<Outcome>): Promise<Outcome> {
    const outcome = this.#turn.then(conversation);
    this.#turn = outcome.catch(() => undefined);
    return outcome;
  }

  async #sendAcknowledged(batch: Uint8Array, firstSequence: number, range: DatagramRange, failures: MessageFailure[]) {
    const datagram = withFlags(batch, range, messageFlags.acknowledge);
    await this.#converse('batch', datagram, (received) => {
      const mine = ownErrors(received, firstSequence, range.lastSequence);
      for (const error of mine) failures.push(...readRefusals(error.bytes, firstSequence));
      return mine.some((error) => error.sequence === range.lastSequence);
    });
  }

  async #ask(batch: Uint8Array, range: DatagramRange, answer: Answer): Promise<void> {
    const flags = new DataView(batch.buffer, batch.byteOffset + range.start).getUint16(6, littleEndian);
    const isDump = (flags & messageFlags.dump) === messageFlags.dump;
    const request = withFlags(batch, range, isDump ? 0 : messageFlags.acknowledge);
    await this.#converse('request', request, (received) => answer.take(received, range.lastSequence, isDump));
    if (answer.refusal) throw answer.refusal;
  }

  /** Sends a datagram and hands what arrives to the listener until it has enough. A failure costs the socket. */
  #converse(what: string, datagram: Uint8Array, listener: Listener): Promise<void> {
    const operation = `${this.#name} ${what}`;
    const socket = this.open();
    return new Promise<void>((resolve, reject) => {
      const settle = (end: () => void) => {
        clearTimeout(timer);
        this.#onDatagram = undefined;
        this.#onFailure = undefined;
        setImmediate(end);
      };
      const fail = (error: unknown) => {
        this.#discardSocket();
        settle(() => reject(error));
      };
      const timer = setTimeout(() => fail(new NetlinkError(operation, errno.ETIMEDOUT, unanswered)), this.#timeoutMs);
      this.#onFailure = fail;
      this.#onDatagram = (received) => {
        if (listener(received)) settle(resolve);
      };
      try {
        socket.send(datagram, undefined, (error) => error && this.#onFailure?.(socketFailure(operation, error)));
      } catch (error) {
        fail(error);
      }
    });
  }

  #connect(): RawNetlinkSocket {
    let socket: RawNetlinkSocket;
    try {
      socket = this.#openSocket();
    } catch (error) {
      throw openFailure(this.#name, error);
    }
    socket.unref(); // a call under way has its timer to keep the process alive
    socket.on('message', (datagram, sender) => {
      if (sender.port === 0) this.#receive(datagram);
    });
    socket.on('error', (error) => this.#onFailure?.(socketFailure(this.#name, error)));
    return socket;
  }

  /** An exception in a listener would end the process. */
  #receive(datagram: Uint8Array): void {
    try {
      this.#onDatagram?.(datagram);
    } catch (error) {
      this.#onFailure?.(error);
    }
  }

  /** The package does not take it well when its socket is closed within one of its callbacks. */
  #discardSocket(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    setImmediate(() => socket?.close());
  }
}

const unanswered = 'the kernel did not answer in time; the outcome is unknown';

/** A copy of the datagram with flags added to its last message. */
function withFlags(batch: Uint8Array, range: DatagramRange, flags: number): Uint8Array {
  const datagram = Buffer.from(batch.subarray(range.start, range.end));
  const view = new DataView(datagram.buffer, datagram.byteOffset + range.lastStart - range.start, messageHeaderBytes);
  view.setUint16(6, view.getUint16(6, littleEndian) | flags, littleEndian);
  return datagram;
}

/** The error messages and acknowledgements that answer sequence numbers `first` to `last`. */
function ownErrors(datagram: Uint8Array, first: number, last: number): { sequence: number; bytes: Uint8Array }[] {
  const found: { sequence: number; bytes: Uint8Array }[] = [];
  const reader = new MessageReader(datagram);
  while (reader.next()) {
    const { sequence, payloadStart, payloadEnd } = reader;
    if (reader.type !== controlMessage.error || sequence < first || sequence > last) continue;
    found.push({ sequence, bytes: datagram.subarray(payloadStart - messageHeaderBytes, payloadEnd) });
  }
  return found;
}

/** The data messages that answer the requests of a batch so far. */
class Answer {
  readonly messages: Uint8Array[] = [];
  interrupted = false;
  refusal: NetlinkError | undefined;
  readonly #operation: string;

  constructor(operation: string) {
    this.#operation = operation;
  }

  /** Takes what answers `sequence` from a datagram; returns whether that request is answered to its end. */
  take(datagram: Uint8Array, sequence: number, isDump: boolean): boolean {
    const reader = new MessageReader(datagram);
    while (reader.next()) {
      if (reader.sequence !== sequence) continue;
      if ((reader.flags & messageFlags.dumpInterrupted) !== 0 && reader.type !== controlMessage.error) {
        this.interrupted = true;
      }
      if (reader.type === controlMessage.error || reader.type === controlMessage.done) {
        if (this.#isRefusal(reader)) return true;
        if (reader.type === controlMessage.done || !isDump) return true;
      } else {
        this.messages.push(paddedMessage(datagram, reader));
      }
    }
    return false;
  }

  #isRefusal(reader: MessageReader): boolean {
    const verdict = readVerdict(reader);
    if (verdict.errno === 0) return false;
    this.refusal = new NetlinkError(this.#operation, verdict.errno, verdict.message);
    return true;
  }
}

function paddedMessage(datagram: Uint8Array, reader: MessageReader): Uint8Array {
  const start = reader.payloadStart - messageHeaderBytes;
  const message = datagram.subarray(start, reader.payloadEnd);
  if (message.length % 4 === 0) return message;
  return Buffer.concat([message], (message.length + 3) & ~3);
}

function socketFailure(operation: string, error: Error & { errno?: unknown }): unknown {
  if (typeof error.errno !== 'number') return error;
  return new NetlinkError(operation, Math.abs(error.errno), 'the outcome is unknown', { cause: error });
}
