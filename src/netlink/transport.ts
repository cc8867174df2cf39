import type { MessageWriter } from './message-writer.ts';

/** The kernel's refusal of one message of a batch. */
export interface MessageFailure {
  /** Index of the message in its batch. */
  readonly index: number;
  /** Positive errno, or a subsystem's own number (ipset: 4096 and up). */
  readonly errno: number;
  /** What the kernel says about it (NLMSGERR_ATTR_MSG); usually absent. */
  readonly message?: string;
  /** The whole error message as received, header included, for subsystems that answer in it (ipset line numbers). */
  readonly reply: Uint8Array;
}

/**
 * A conversation with one netlink family. Not safe for parallel calls: await one call before the next. The writer
 * must not be written to before its call has settled.
 */
export interface Transport {
  /**
   * Sends the batch in datagrams of at most 64 KiB and waits until the kernel has processed all of it. A refused message
   * does not stop the others; the refusals come back in order, empty when all were accepted. Throws `NetlinkError`
   * when the outcome is unknown (lost reply, deadline, socket error): re-read the subsystem then. For messages that
   * change something: one that answers with data belongs into `request`.
   */
  exchange(batch: MessageWriter): Promise<readonly MessageFailure[]>;

  /**
   * Runs each message of the batch as a request with replies (a dump, or one that answers with one message) and
   * returns all reply messages, one after the other, without the closing DONE messages. Throws `NetlinkError` when
   * the kernel refuses one, `DumpInterruptedError` when the table changed while it was read. The bytes are the
   * caller's to keep.
   */
  request(batch: MessageWriter): Promise<Uint8Array>;

  /** Closes the socket; calls after that throw. */
  close(): void;
}

/** Opens a transport for a netlink protocol (`netlinkProtocol`). */
export type OpenTransport = (protocol: number) => Transport;

/** A subscription to multicast groups. */
export interface Monitor {
  close(): void;
}
