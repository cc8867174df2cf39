import { AddonLoadError, loadNetlinkAddon, type NetlinkAddon } from '../native/addon.ts';
import { openAddonTransport } from '../netlink/connection.ts';
import { loadPackageTransport } from '../netlink/package-transport.ts';
import type { Transport } from '../netlink/transport.ts';

/** A way to open conversations with the kernel. */
export interface TransportOpener {
  /** `small` is for dumps that come by the thousand and hold little each. */
  readonly open: (protocol: number, dumps?: 'large' | 'small') => Transport;
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
    return { addon, open: (protocol, dumps = 'large') => openAddonTransport({ addon, protocol, dumps }) };
  } catch (error) {
    if (!(error instanceof AddonLoadError)) throw error;
    onNoAddon(error);
    const open = await loadPackageTransport();
    return { addon: undefined, open: (protocol) => open(protocol) };
  }
}
