import ipaddr from 'ipaddr.js';

export type IpFamily = 'IPv4' | 'IPv6';

/** The family of an address text; undefined for anything that is no address (zones and leading zeros included). */
export function familyOf(address: string): IpFamily | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(address) && !/(^|\.)0\d/.test(address)) return 'IPv4';
  return ipaddr.IPv6.isValid(address) && !address.includes('%') ? 'IPv6' : undefined;
}

export function isCidr(text: string): boolean {
  const [address = '', ...rest] = text.split('/');
  const family = familyOf(address);
  return family !== undefined && rest.length === 1 && /^\d+$/.test(rest[0] ?? '') && ipaddr.isValidCIDR(text);
}

/** One spelling per address, so that addresses compare as texts. */
export function canonicalAddress(address: string): string {
  return ipaddr.parse(address).toString();
}

/** A range of service addresses. Addresses are handed out in order, which keeps tests repeatable. */
export class IpRange {
  readonly cidr: string;
  readonly family: IpFamily;
  readonly #base: bigint;
  readonly #size: bigint;
  #next: bigint;

  /** @param cidr for instance `10.96.0.0/16`; throws for anything that is no network of at least four addresses */
  constructor(cidr: string) {
    if (!isCidr(cidr)) throw new Error(`service CIDR ${cidr} is not a network such as 10.96.0.0/16`);
    const [address, prefix] = ipaddr.parseCIDR(cidr);
    this.cidr = cidr;
    this.family = address.kind() === 'ipv4' ? 'IPv4' : 'IPv6';
    const hostBits = BigInt((this.family === 'IPv4' ? 32 : 128) - prefix);
    if (hostBits < 2n) throw new Error(`service CIDR ${cidr} is too small: it needs at least four addresses`);
    this.#size = 1n << hostBits;
    this.#base = (toNumber(address.toByteArray()) >> hostBits) << hostBits;
    this.#next = staticBand(this.#size) + 1n;
  }

  /** The first address: the one of the `kubernetes` Service. */
  get first(): string {
    return this.#address(1n);
  }

  /** Whether a Service may ask for this address: the network's first and last one are taken, as in the real server. */
  contains(address: string): boolean {
    if (familyOf(address) !== this.family) return false;
    const offset = toNumber(ipaddr.parse(address).toByteArray()) - this.#base;
    return offset >= 1n && offset < (this.family === 'IPv4' ? this.#size - 1n : this.#size);
  }

  /** A free address: from the upper part of the range, then from the lower one. Undefined when all are in use. */
  nextFree(isUsed: (address: string) => boolean): string | undefined {
    const usable = this.#size - 2n;
    for (let tried = 0n; tried < usable; tried += 1n) {
      const address = this.#address(this.#next);
      this.#next = this.#next >= usable ? 1n : this.#next + 1n;
      if (!isUsed(address)) return address;
    }
    return undefined;
  }

  #address(offset: bigint): string {
    const bytes: number[] = [];
    let rest = this.#base + offset;
    for (let index = 0; index < (this.family === 'IPv4' ? 4 : 16); index += 1, rest >>= 8n) {
      bytes.unshift(Number(rest & 0xffn));
    }
    return ipaddr.fromByteArray(bytes).toString();
  }
}

/** Size of the lower part that is left to addresses people choose: min(max(16, size/16), 256). */
function staticBand(size: bigint): bigint {
  const sixteenth = size / 16n;
  const band = sixteenth > 256n ? 256n : sixteenth < 16n ? 16n : sixteenth;
  return band >= size - 2n ? 0n : band;
}

function toNumber(bytes: readonly number[]): bigint {
  return bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}
