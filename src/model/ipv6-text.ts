const colon = 0x3a;
const digitNine = 0x39;
const digitZero = 0x30;
const beforeLetterA = 0x57;

/**
 * The 16 bytes of an IPv6 address in canonical text form (RFC 5952): lower case, valid, without a dotted part. Several
 * times faster than a parser of any form; a listing of the kernel asks for many thousands.
 */
export function ipv6Bytes(text: string): number[] {
  const bytes: number[] = [];
  let group = 0;
  let gapAt = -1;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code !== colon) {
      group = group * 16 + code - (code <= digitNine ? digitZero : beforeLetterA);
      continue;
    }
    if (index > 0) bytes.push(group >> 8, group & 0xff);
    group = 0;
    if (text.charCodeAt(index + 1) !== colon) continue;
    gapAt = bytes.length;
    index++;
  }
  if (!text.endsWith(':')) bytes.push(group >> 8, group & 0xff);
  return gapAt < 0 ? bytes : fillGap(bytes, gapAt);
}

function fillGap(bytes: readonly number[], gapAt: number): number[] {
  const filled: number[] = [];
  for (let index = 0; index < gapAt; index++) filled.push(bytes[index] as number);
  for (let missing = 16 - bytes.length; missing > 0; missing--) filled.push(0);
  for (let index = gapAt; index < bytes.length; index++) filled.push(bytes[index] as number);
  return filled;
}

/** Canonical text form of 16 bytes: of the longest runs of two or more zero groups the first is left out. */
export function ipv6Text(bytes: readonly number[]): string {
  const groups: number[] = [];
  for (let index = 0; index < 16; index += 2) {
    groups.push(((bytes[index] as number) << 8) | (bytes[index + 1] as number));
  }
  const { start, length } = longestZeroRun(groups);
  if (length < 2) return hexText(groups, 0, 8);
  return `${hexText(groups, 0, start)}::${hexText(groups, start + length, 8)}`;
}

function longestZeroRun(groups: readonly number[]): { readonly start: number; readonly length: number } {
  let best = { start: 0, length: 0 };
  let length = 0;
  for (let index = 0; index < 8; index++) {
    length = groups[index] === 0 ? length + 1 : 0;
    if (length > best.length) best = { start: index - length + 1, length };
  }
  return best;
}

function hexText(groups: readonly number[], from: number, to: number): string {
  let text = '';
  for (let index = from; index < to; index++) {
    text += `${index > from ? ':' : ''}${(groups[index] as number).toString(16)}`;
  }
  return text;
}
