/**
 * Writes ASN.1 values in DER, the encoding of X.509 certificates.
 * Only what a certificate needs; lengths up to 2^32. Source: ITU-T X.690.
 */
export type Der = Buffer;

const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

export function sequence(...parts: readonly Der[]): Der {
  return encode(TAG.sequence, Buffer.concat(parts));
}

export function set(...parts: readonly Der[]): Der {
  return encode(TAG.set, Buffer.concat(parts));
}

/** A non-negative integer, most significant byte first. A leading zero is added when the top bit is set. */
export function integer(bytes: Uint8Array): Der {
  const first = bytes.findIndex((byte) => byte !== 0);
  const digits = first === -1 ? Buffer.from([0]) : Buffer.from(bytes.subarray(first));
  return encode(TAG.integer, (digits[0] ?? 0) > 0x7f ? Buffer.concat([Buffer.from([0]), digits]) : digits);
}

export function boolean(value: boolean): Der {
  return encode(TAG.boolean, Buffer.from([value ? 0xff : 0]));
}

/** A bit string; `unusedBits` (0 to 7) are the lowest bits of the last byte. */
export function bitString(bytes: Uint8Array, unusedBits = 0): Der {
  return encode(TAG.bitString, Buffer.concat([Buffer.from([unusedBits]), bytes]));
}

export function octetString(bytes: Uint8Array): Der {
  return encode(TAG.octetString, bytes);
}

export function utf8String(text: string): Der {
  return encode(TAG.utf8String, Buffer.from(text, 'utf8'));
}

/** Dotted text to an object identifier, for instance `2.5.29.17`. */
export function objectIdentifier(dotted: string): Der {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return encode(TAG.objectIdentifier, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

/** A moment in UTC, to the second. */
export function generalizedTime(moment: Date): Der {
  const digits = moment
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replace(/[-:T]/g, '');
  return encode(TAG.generalizedTime, Buffer.from(digits, 'ascii'));
}

/** A value inside the context tag [number], constructed. */
export function explicit(number: number, content: Der): Der {
  return encode(0xa0 | number, content);
}

/** Plain bytes under the context tag [number]. */
export function contextBytes(number: number, content: Uint8Array): Der {
  return encode(0x80 | number, content);
}

function encode(tag: number, content: Uint8Array): Der {
  return Buffer.concat([Buffer.from([tag]), encodeLength(content.length), content]);
}

function encodeLength(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const digits = Buffer.alloc(4);
  digits.writeUInt32BE(length);
  const significant = digits.subarray(digits.findIndex((byte) => byte !== 0));
  return Buffer.concat([Buffer.from([0x80 | significant.length]), significant]);
}

function base128(arc: number): number[] {
  const bytes = [arc & 0x7f];
  for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) bytes.unshift((rest & 0x7f) | 0x80);
  return bytes;
}
