import { familyOf, type IpAddress, isLinkLocal, isLoopback } from '../../model/ip.ts';
import type { InterfaceAddress } from './decode.ts';

/** The addresses, each once; neither loopback nor IPv6 link-local. */
export function usableAddresses(addresses: readonly InterfaceAddress[]): readonly IpAddress[] {
  return [...new Set(addresses.map(({ address }) => address).filter((address) => !isLocalOnly(address)))];
}

function isLocalOnly(address: IpAddress): boolean {
  return isLoopback(address) || (familyOf(address) === 'IPv6' && isLinkLocal(address));
}
