import type { NetlinkAddon } from '../native/addon.ts';
import { openFailure, protocolName } from './connection.ts';
import { netlinkProtocol, routeGroup } from './constants.ts';
import { errno, NetlinkError } from './errors.ts';
import type { Monitor } from './transport.ts';

export interface RouteMonitorOptions {
  readonly addon: NetlinkAddon;
  /** Default: links, and IPv4 and IPv6 addresses. */
  readonly groups?: readonly number[];
  /** A program from `ignoreAddressesOf`: what it drops never reaches this process. */
  readonly filter?: Uint8Array;
  /** Receive buffer in bytes. Default 4 MiB, about 5,000 address changes. */
  readonly receiveBufferBytes?: number;
  /** One or more whole messages. An exception becomes an `uncaughtException`. */
  readonly onMessages: (messages: Uint8Array) => void;
  /** Messages were lost: everything known from this monitor is to be read again. */
  readonly onOverflow: () => void;
  /** The monitor has ended by itself; nothing more comes. */
  readonly onFailure: (error: NetlinkError) => void;
}

/**
 * Subscribes to changes of links and addresses in this network namespace, the program's own included. Subscribe before
 * the first listing, so that no change falls between. Does not keep the process alive. Throws `NetlinkError` when it
 * cannot subscribe. There is no such thing without the addon: read again from time to time instead.
 */
export function openRouteMonitor(options: RouteMonitorOptions): Monitor {
  const { addon } = options;
  const name = `monitor of ${protocolName(netlinkProtocol.route)}`;
  const open = () =>
    addon.monitor(
      {
        protocol: netlinkProtocol.route,
        groups: options.groups ?? [routeGroup.link, routeGroup.ipv4Address, routeGroup.ipv6Address],
        receiveBufferBytes: options.receiveBufferBytes ?? 4 * 1024 * 1024,
        ...(options.filter ? { filter: options.filter } : {}),
      },
      (event) => {
        if (event.bytes.length > 0) options.onMessages(event.bytes);
        if (event.errno === errno.ENOBUFS) options.onOverflow();
        else if (event.errno !== 0) options.onFailure(new NetlinkError(name, event.errno));
      },
    );
  try {
    const monitor = open();
    return { close: () => addon.closeMonitor(monitor) };
  } catch (error) {
    throw openFailure(name, error);
  }
}
