import type { IpAddress } from '../../model/ip.ts';
import { parseIp } from '../../model/ip.ts';

const byteTexts = Array.from({ length: 256 }, (_, byte) => String(byte));

/** An endpoint as the kernel prints it: `0A600001:0050` or `[fd00:0000:...:0001]:0050`, port in hexadecimal. */
export function readEndpoint(text: string): { readonly address: IpAddress; readonly port: number } {
  const port = readHexadecimal(text, text.length - 4, text.length);
  return { address: readAddress(text.startsWith('[') ? text.slice(1, -6) : text.slice(0, 8)), port };
}

/** An address as the kernel prints it: `0A600001` or `fd00:0000:...:0001`. An IPv4-mapped one stays IPv6. */
export function readAddress(text: string): IpAddress {
  if (text.length === 8) return readIpv4(text);
  const address = parseIp(text) as IpAddress;
  return address.includes(':') ? address : (`::ffff:${address}` as IpAddress);
}

function readIpv4(text: string): IpAddress {
  const first = byteTexts[readHexadecimal(text, 0, 2)];
  const second = byteTexts[readHexadecimal(text, 2, 4)];
  const third = byteTexts[readHexadecimal(text, 4, 6)];
  return `${first}.${second}.${third}.${byteTexts[readHexadecimal(text, 6, 8)]}` as IpAddress;
}

/** Letters are upper case. */
function readHexadecimal(text: string, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at);
    value = value * 16 + (code < 0x40 ? code - 0x30 : code - 0x37);
  }
  return value;
}
