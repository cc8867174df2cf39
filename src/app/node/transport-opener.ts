import { AddonLoadError, loadNetlinkAddon, type NetlinkAddon } from '../../native/addon.ts';
import { openAddonTransport } from '../../netlink/connection.ts';
import { loadPackageTransport } from '../../netlink/package-transport.ts';
import type { Transport } from '../../netlink/transport.ts';

/**
 * What a transport is for: `small` for dumps that come by the thousand and hold little each, `long` for conversations
 * that others are not to wait for. Default `large`.
 */
export type Conversations = 'large' | 'small' | 'long';

/** A way to open conversations with the kernel. */
export interface TransportOpener {
  readonly open: (protocol: number, kind?: Conversations) => Transport;
  /** Undefined when it could not be loaded: there are no notifications then. */
  readonly addon: NetlinkAddon | undefined;
}

/** Over the addon; over the package `netlink` where it does not load, which `onNoAddon` is told. */
export async function transportOpener(
  onNoAddon: (error: AddonLoadError) => void = () => {},
  load: () => NetlinkAddon = loadNetlinkAddon,
): Promise<TransportOpener> {
  try {
    const addon = load();
    const open: TransportOpener['open'] = (protocol, kind) =>
      openAddonTransport({
        addon,
        protocol,
        dumps: kind === 'small' ? 'small' : 'large',
        background: kind === 'long',
      });
    return { addon, open };
  } catch (error) {
    if (!(error instanceof AddonLoadError)) throw error;
    onNoAddon(error);
    const open = await loadPackageTransport();
    return { addon: undefined, open: (protocol) => open(protocol) };
  }
}
