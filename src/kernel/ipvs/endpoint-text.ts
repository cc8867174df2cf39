import type { IpAddress } from '../../model/ip.ts';
import { parseIp } from '../../model/ip.ts';

const byteTexts = Array.from({ length: 256 }, (_, byte) => String(byte));

/** An endpoint as the kernel prints it: `0A600001:0050` or `[fd00:0000:...:0001]:0050`, port in hexadecimal. */
export function readEndpoint(text: string): { readonly address: IpAddress; readonly port: number } {
  const port = Number.parseInt(text.slice(-4), 16);
  return { address: readAddress(text.startsWith('[') ? text.slice(1, -6) : text.slice(0, 8)), port };
}

/** An address as the kernel prints it: `0A600001` or `fd00:0000:...:0001`. An IPv4-mapped one stays IPv6. */
export function readAddress(text: string): IpAddress {
  if (!text.includes(':')) return readIpv4(Number.parseInt(text, 16));
  const address = parseIp(text) as IpAddress;
  return address.includes(':') ? address : (`::ffff:${address}` as IpAddress);
}

function readIpv4(bits: number): IpAddress {
  const bytes = [bits >>> 24, (bits >>> 16) & 255, (bits >>> 8) & 255, bits & 255].map((byte) => byteTexts[byte]);
  return bytes.join('.') as IpAddress;
}
