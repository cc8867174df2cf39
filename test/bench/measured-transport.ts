import { closeSync, openSync, writeSync } from 'node:fs';
import type { MessageWriter } from '../../src/netlink/message-writer.ts';
import type { MessageFailure, Transport } from '../../src/netlink/transport.ts';

/** Largest datagram that a transport sends. */
const datagramBytes = 64 * 1024;

/** What went through transports. */
export interface Traffic {
  /** Datagrams of messages that change something. */
  datagrams: number;
  messages: number;
  bytes: number;
  refusals: number;
  /** Requests for data, each a message with its own answer. */
  requests: number;
  answerBytes: number;
  /** Time from handing a batch to the addon until its result is there. */
  exchangeMs: number;
  /** The same for requests. */
  requestMs: number;
}

export function noTraffic(): Traffic {
  return { datagrams: 0, messages: 0, bytes: 0, refusals: 0, requests: 0, answerBytes: 0, exchangeMs: 0, requestMs: 0 };
}

/** What came between two looks. */
export function trafficBetween(before: Traffic, after: Traffic): Traffic {
  const difference = noTraffic();
  for (const name of Object.keys(difference) as (keyof Traffic)[]) difference[name] = after[name] - before[name];
  return difference;
}

/** Counts and times what goes through a transport; writes it down for the floor when there is a recording. */
export class MeasuredTransport implements Transport {
  readonly #inner: Transport;
  readonly #protocol: number;
  readonly #traffic: Traffic;
  readonly #recording: Recording | undefined;

  constructor(options: {
    readonly inner: Transport;
    readonly protocol: number;
    readonly traffic: Traffic;
    readonly recording?: Recording | undefined;
  }) {
    this.#inner = options.inner;
    this.#protocol = options.protocol;
    this.#traffic = options.traffic;
    this.#recording = options.recording;
  }

  async exchange(batch: MessageWriter): Promise<readonly MessageFailure[]> {
    const { bytes } = batch;
    this.#recording?.add(this.#protocol, bytes);
    this.#traffic.datagrams += datagramsIn(bytes);
    this.#traffic.messages += batch.count;
    this.#traffic.bytes += bytes.length;
    const start = performance.now();
    const failures = await this.#inner.exchange(batch);
    this.#traffic.exchangeMs += performance.now() - start;
    this.#traffic.refusals += failures.length;
    return failures;
  }

  async request(batch: MessageWriter): Promise<Uint8Array> {
    this.#traffic.requests += batch.count;
    const start = performance.now();
    const answer = await this.#inner.request(batch);
    this.#traffic.requestMs += performance.now() - start;
    this.#traffic.answerBytes += answer.length;
    return answer;
  }

  close(): void {
    this.#inner.close();
  }
}

/** A file of batches for `floor/replay.c`: protocol, length, messages. */
export class Recording {
  readonly #file: number;

  constructor(path: string) {
    this.#file = openSync(path, 'w');
  }

  add(protocol: number, bytes: Uint8Array): void {
    writeSync(this.#file, new Uint8Array(Uint32Array.of(protocol, bytes.length).buffer));
    writeSync(this.#file, bytes);
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** Datagrams that the addon makes of a batch: it splits between messages. */
function datagramsIn(bytes: Uint8Array): number {
  if (bytes.length <= datagramBytes) return 1;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let datagrams = 1;
  let start = 0;
  for (let at = 0; at < bytes.length; ) {
    const end = at + ((view.getUint32(at, true) + 3) & ~3);
    if (end - start > datagramBytes) {
      datagrams++;
      start = at;
    }
    at = end;
  }
  return datagrams;
}
