import type { ListedVirtualServer } from '../../kernel/drivers.ts';
import type { VirtualServer } from '../../model/virtual-server.ts';
import { virtualServerFamily } from '../../model/virtual-server.ts';

/** Flags of a scheduler by their bit; those two that have names of their own call the first two otherwise. */
const flagBits = [0x08, 0x10, 0x20] as const;
const anyFlag = 0x38;
const generalNames = ['flag-1', 'flag-2', 'flag-3'] as const;
const namesOfSchedulers: Readonly<Record<string, readonly string[]>> = {
  sh: ['sh-fallback', 'sh-port'],
  mh: ['mh-fallback', 'mh-port'],
};

/**
 * Names of the flags that the scheduler has, separated by commas; undefined without flags. A third flag of sh and mh has
 * no name, so that alone it is an empty text.
 */
export function schedulerFlagsText({ scheduler, flags }: VirtualServer): string | undefined {
  if ((flags & anyFlag) === 0) return undefined;
  const names = namesOfSchedulers[scheduler] ?? generalNames;
  return names.filter((_, index) => (flags & (flagBits[index] ?? 0)) !== 0).join(',');
}

/** The netmask of persistence; undefined when every client is on its own. */
export function netmaskText({ virtualServer, netmask }: ListedVirtualServer): string | undefined {
  if (virtualServerFamily(virtualServer.identity) === 'IPv6') return netmask === 128 ? undefined : String(netmask);
  if (netmask === 0xffff_ffff) return undefined;
  return [netmask >>> 24, (netmask >>> 16) & 255, (netmask >>> 8) & 255, netmask & 255].join('.');
}
