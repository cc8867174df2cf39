import { watchAddresses, type MonitorListener, type WatchedAddressEvent } from '../../kernel/address/watch.ts';
import type { NetlinkAddon } from '../../native/addon.ts';
import { NetlinkError } from '../../netlink/errors.ts';
import { ignoreAddressesOf } from '../../netlink/interface-filter.ts';
import { openRouteMonitor } from '../../netlink/monitor.ts';
import type { Monitor } from '../../netlink/transport.ts';

export interface InterfaceWatchOptions {
  readonly addon: NetlinkAddon;
  /** Index of our own interface as last seen; undefined while it is not known. */
  readonly ownInterfaceIndex: () => number | undefined;
  /** Addresses or interfaces of the node changed, or may have. */
  readonly onNodeChange: () => void;
  /** Somebody removed our own interface, or may have. */
  readonly onOwnInterfaceRemoved: () => void;
  /** The watch has ended by itself. */
  readonly onFailure: (error: Error) => void;
}

/**
 * Follows the node's interfaces by notification. Our own interface gets thousands of addresses, of which the kernel
 * need not tell us: once its index is known, the monitor is opened anew with a filter. Start it before the first
 * listing. Throws `NetlinkError` when it cannot subscribe.
 */
export class InterfaceWatch {
  readonly #options: InterfaceWatchOptions;
  #filteredIndex: number | undefined;
  #monitor: Monitor;

  constructor(options: InterfaceWatchOptions) {
    this.#options = options;
    this.#monitor = this.#open();
  }

  close(): void {
    this.#monitor.close();
  }

  #open(): Monitor {
    const { addon, ownInterfaceIndex, onNodeChange, onOwnInterfaceRemoved, onFailure } = this.#options;
    const index = ownInterfaceIndex();
    this.#filteredIndex = index;
    const filter = index === undefined ? {} : { filter: ignoreAddressesOf(index) };
    return watchAddresses({
      openMonitor: (listener: MonitorListener) => openRouteMonitor({ addon, ...filter, ...listener }),
      ownInterfaceIndex,
      onChange: (event) => this.#changed(event),
      onOverflow: () => {
        onNodeChange();
        onOwnInterfaceRemoved();
      },
      onFailure,
    });
  }

  #changed(event: WatchedAddressEvent): void {
    const { onNodeChange, onOwnInterfaceRemoved } = this.#options;
    if (!event.isOwnInterface) onNodeChange();
    else if (event.kind === 'linkRemoved') onOwnInterfaceRemoved();
    else if (event.interfaceIndex !== this.#filteredIndex) this.#reopen();
  }

  /** What happens between the two monitors is told by neither. Where there cannot be another, this one goes on. */
  #reopen(): void {
    const previous = this.#monitor;
    try {
      this.#monitor = this.#open();
    } catch (error) {
      if (error instanceof NetlinkError) return;
      throw error;
    }
    previous.close();
    this.#options.onNodeChange();
  }
}
