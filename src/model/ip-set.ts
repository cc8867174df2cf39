import type { Cidr, IpAddress, IpFamily } from './ip.ts';
import type { Protocol } from './service-key.ts';
import { joinText } from './flat-text.ts';
import { addressBits, familyOf, networkAddressOf, prefixLengthOf } from './ip.ts';

/** The set types that Services need. */
export type IpSetType = 'hash:ip' | 'hash:ip,port' | 'hash:ip,port,ip' | 'hash:ip,port,net' | 'bitmap:port';

/** Name of a set, at most 31 characters. */
export type IpSetName = string & { readonly brand: 'IpSetName' };

/** What a set is made as. Two sets are the same to the kernel when type, family and `maxElements` agree. */
export interface IpSet {
  readonly name: IpSetName;
  readonly type: IpSetType;
  /** Absent for `bitmap:port`, which has no family and always covers ports 0 to 65535. */
  readonly family?: IpFamily;
  /** Most entries it can hold; 65536 for `bitmap:port`. */
  readonly maxElements: number;
}

/** One element of a set. `text` is what `ipset list` prints and serves as the key. */
export type IpSetEntry =
  | { readonly type: 'hash:ip'; readonly text: string; readonly address: IpAddress }
  | {
      readonly type: 'hash:ip,port';
      readonly text: string;
      readonly address: IpAddress;
      readonly protocol: Protocol;
      readonly port: number;
    }
  | {
      readonly type: 'hash:ip,port,ip';
      readonly text: string;
      readonly address: IpAddress;
      readonly protocol: Protocol;
      readonly port: number;
      readonly secondAddress: IpAddress;
    }
  | {
      readonly type: 'hash:ip,port,net';
      readonly text: string;
      readonly address: IpAddress;
      readonly protocol: Protocol;
      readonly port: number;
      readonly network: Cidr;
    }
  | { readonly type: 'bitmap:port'; readonly text: string; readonly port: number };

export function addressEntry(address: IpAddress): IpSetEntry {
  return { type: 'hash:ip', text: address, address };
}

export function addressPortEntry(address: IpAddress, protocol: Protocol, port: number): IpSetEntry {
  return { type: 'hash:ip,port', text: addressPortText(address, protocol, port), address, protocol, port };
}

export function addressPortAddressEntry(
  address: IpAddress,
  protocol: Protocol,
  port: number,
  secondAddress: IpAddress,
): IpSetEntry {
  const text = joinText(addressPortText(address, protocol, port), ',', secondAddress);
  return { type: 'hash:ip,port,ip', text, address, protocol, port, secondAddress };
}

export function addressPortNetworkEntry(
  address: IpAddress,
  protocol: Protocol,
  port: number,
  network: Cidr,
): IpSetEntry {
  const text = joinText(addressPortText(address, protocol, port), ',', networkText(network));
  return { type: 'hash:ip,port,net', text, address, protocol, port, network };
}

export function portEntry(port: number): IpSetEntry {
  return { type: 'bitmap:port', text: String(port), port };
}

function addressPortText(address: IpAddress, protocol: Protocol, port: number): string {
  return joinText(address, ',', protocol.toLowerCase(), ':', String(port));
}

/** A network as the kernel prints it: a host-sized one without its prefix length. */
function networkText(network: Cidr): string {
  const isHost = prefixLengthOf(network) === addressBits(familyOf(network));
  return isHost ? networkAddressOf(network) : network;
}
