import type { NetlinkError } from '../../netlink/errors.ts';
import { MalformedMessageError } from '../../netlink/message-reader.ts';
import type { Monitor } from '../../netlink/transport.ts';
import type { AddressEvent } from './decode.ts';
import { decodeAddressEvents } from './decode.ts';

/** Where a monitor delivers: whole messages, the news that some were lost, and its own end. */
export interface MonitorListener {
  readonly onMessages: (messages: Uint8Array) => void;
  readonly onOverflow: () => void;
  readonly onFailure: (error: NetlinkError) => void;
}

/** A change on the node, and whether it happened to our own dummy interface. */
export interface WatchedAddressEvent extends AddressEvent {
  readonly isOwnInterface: boolean;
}

export interface AddressWatchOptions {
  /** Subscribes to links and addresses; `openRouteMonitor` with its other options filled in. */
  readonly openMonitor: (listener: MonitorListener) => Monitor;
  /** Index of the dummy interface at present, e.g. `() => driver.interfaceIndex`. */
  readonly ownInterfaceIndex: () => number | undefined;
  /** Called for every change, our own ones included and not debounced. */
  readonly onChange: (event: WatchedAddressEvent) => void;
  /** Changes were lost, or could not be read: list everything again. */
  readonly onOverflow: () => void;
  /** The watch has ended by itself. */
  readonly onFailure: (error: NetlinkError) => void;
}

/**
 * Tells of every change of an address or a link in this network namespace. Start it before the first listing. Throws
 * `NetlinkError` when it cannot subscribe. The first events after the dummy interface was made can still count as
 * those of another one, since its index is not known before it was looked up.
 */
export function watchAddresses(options: AddressWatchOptions): Monitor {
  return options.openMonitor({
    onMessages: (messages) => deliver(messages, options),
    onOverflow: options.onOverflow,
    onFailure: options.onFailure,
  });
}

function deliver(messages: Uint8Array, options: AddressWatchOptions): void {
  const events = readEvents(messages);
  if (events === undefined) return options.onOverflow();
  const ownIndex = options.ownInterfaceIndex();
  for (const event of events) options.onChange({ ...event, isOwnInterface: event.interfaceIndex === ownIndex });
}

/** Undefined for bytes that cannot be read: what they said is lost, as in an overflow. */
function readEvents(messages: Uint8Array): readonly AddressEvent[] | undefined {
  try {
    return decodeAddressEvents(messages);
  } catch (error) {
    if (error instanceof MalformedMessageError) return undefined;
    throw error;
  }
}
