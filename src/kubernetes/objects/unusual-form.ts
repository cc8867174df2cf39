import type { Cidr, IpAddress } from '../../model/ip.ts';
import { familyOf } from '../../model/ip.ts';

/**
 * What is unusual in how an address or a network is written, in words that follow the text; undefined for nothing.
 * It is used all the same, as Kubernetes always did, but newer API servers refuse it, and other programs read leading
 * zeros as octal. Pure.
 */
export function unusualForm(text: string, read: IpAddress | Cidr): string | undefined {
  if (text === read) return undefined;
  if (text.includes(':')) {
    return familyOf(read) === 'IPv4' ? `is an IPv4 address in IPv6 form; read as ${read}` : undefined;
  }
  return /\b0\d/.test(text) ? `has leading zeros; read as ${read}` : undefined;
}
