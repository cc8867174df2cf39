import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What a conversation over the addon came to. */
export interface NativeResult {
  /**
   * 0, or a positive errno: of the kernel's refusal when `refused`; otherwise why the outcome is unknown (`ETIMEDOUT`:
   * a reply is missing; `ENOBUFS`: replies were lost; `EBADF`: the socket was closed meanwhile).
   */
  readonly errno: number;
  /** The kernel refused a request of `dumpMany`; `bytes` is then its NLMSG_ERROR or NLMSG_DONE message. */
  readonly refused: boolean;
  /** Flags of all data messages, OR-ed. */
  readonly flags: number;
  /** Whole messages, each starting at a multiple of 4. The caller's to keep. */
  readonly bytes: Uint8Array;
}

/** How a socket is opened. Sizes in bytes. */
export interface NativeSocketOptions {
  /** `NETLINK_*`, 0 to 31. */
  readonly protocol: number;
  /** SO_RCVBUF and SO_SNDBUF; beyond the system's limits only with CAP_NET_ADMIN. Absent: the system's default. */
  readonly receiveBufferBytes?: number;
  readonly sendBufferBytes?: number;
  /** Most that `exchange` sends at once, but always a whole message. Default 65536. */
  readonly datagramBytes?: number;
  /** Room offered to the kernel for one datagram of a dump, at least a page. Default 65536. */
  readonly readBytes?: number;
  /** NETLINK_GET_STRICT_CHK: the headers and attributes of rtnetlink dump requests are filters. */
  readonly strictCheck?: boolean;
  /** NETLINK_NO_ENOBUFS: what does not fit the receive buffer is dropped silently. */
  readonly noEnobufs?: boolean;
  /** Calls take long: they run in a thread of their own, one after the other, and no call on another socket waits. */
  readonly background?: boolean;
  /** Multicast groups by number. */
  readonly groups?: readonly number[];
  /** Classic BPF program over incoming multicast messages, as `struct sock_filter` lies in memory. */
  readonly filter?: Uint8Array;
}

/**
 * The addon in `native-bindings`. Sockets and monitors are numbers of its own, never used twice. Wrong arguments throw
 * `TypeError`; what the system refuses throws an `Error` with a positive `errno`. Time-outs are in milliseconds (1 to
 * 3,600,000) and count for each reply waited for.
 */
export interface NetlinkAddon {
  open(options: NativeSocketOptions): number;
  /** Calls under way on the socket settle with `EBADF`. Closing twice is no error. */
  close(socket: number): void;
  /** Sends a batch; the result holds the refusals (NLMSG_ERROR messages). The bytes are copied before it returns. */
  exchange(socket: number, batch: Uint8Array, timeoutMs: number): Promise<NativeResult>;
  exchangeSync(socket: number, batch: Uint8Array, timeoutMs: number): NativeResult;
  /** Runs the requests one after the other; the result holds their data messages. */
  dumpMany(socket: number, requests: Uint8Array, timeoutMs: number): Promise<NativeResult>;
  dumpManySync(socket: number, requests: Uint8Array, timeoutMs: number): NativeResult;
  /**
   * Calls the listener with what arrives, several messages at a time. `errno` ENOBUFS: messages were lost, it goes on;
   * any other: it has ended. Does not keep the process alive.
   */
  monitor(options: NativeSocketOptions, listener: (event: NativeResult) => void): number;
  closeMonitor(monitor: number): void;
}

/** All that the addon has. */
export interface NativeAddon extends NetlinkAddon {
  /**
   * Takes every capability that is not in the set (2 to the power of its number, added up) from the calling thread, and
   * sets no_new_privs: programs that it starts, and what it becomes by execve, have no more. Other threads keep what
   * they have. What the system refuses throws an `Error` with a positive `errno`, with a part of them gone.
   */
  limitCapabilities(kept: number): void;
}

/** The addon is not there or does not load on this machine. */
export class AddonLoadError extends Error {
  readonly code = 'ADDON_NOT_LOADED';
  /** The files that were tried, in this order. */
  readonly paths: readonly string[];

  constructor(paths: readonly string[], reasons: readonly string[], options?: ErrorOptions) {
    const tried = paths.map((path, index) => `${path}: ${reasons[index] ?? 'not tried'}`).join('; ');
    super(`native netlink addon not loaded (build it with \`make native\`): ${tried}`, options);
    this.paths = paths;
  }
}

/**
 * Loads the addon for this processor: from `prebuilds` beside the bundle, or from `native-bindings` in the source tree.
 * Throws `AddonLoadError`. The parameters are for tests.
 */
export function loadNetlinkAddon(
  moduleUrl: string = import.meta.url,
  architecture: string = process.arch,
): NativeAddon {
  const require = createRequire(moduleUrl);
  const paths = addonPaths(dirname(fileURLToPath(moduleUrl)), architecture);
  const reasons: string[] = [];
  for (const path of paths) {
    try {
      return require(path) as NativeAddon; // the compiled side of this interface; its tests keep the two together
    } catch (error) {
      reasons.push(firstLine(error));
    }
  }
  throw new AddonLoadError(paths, reasons);
}

function addonPaths(directory: string, architecture: string): string[] {
  const file = join('prebuilds', `linux-${architecture}`, 'netlink.node');
  return [join(directory, file), join(directory, '..', '..', 'native-bindings', file)];
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? '';
}
