/**
 * Durations as Go's `time.ParseDuration` reads and `time.Duration.String` prints them: a signed 64-bit count of
 * nanoseconds. Kubernetes writes every duration of its configuration in this form.
 */
export type Nanoseconds = bigint;

const nanosecondsPerUnit: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  '\u00b5s': 1_000n,
  '\u03bcs': 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

const magnitudeLimit = 1n << 63n;
const part = /(\d*)(\.\d*)?([^.\d]*)/y;

/** Why a text is not a duration. */
export class DurationError extends Error {
  readonly code = 'DURATION_INVALID';
}

/**
 * Reads `1h30m`, `-1.5s`, `0`. Throws `DurationError` for anything that Go refuses: a blank text, a missing or
 * unknown unit, a value beyond 64 bits.
 */
export function parseGoDuration(text: string): Nanoseconds {
  const unsigned = /^[+-]/.test(text) ? text.slice(1) : text;
  if (unsigned === '0') return 0n;
  if (unsigned === '') throw invalid(text);
  const magnitude = sumOfParts(text, unsigned);
  if (text.startsWith('-')) return -magnitude;
  if (magnitude > magnitudeLimit - 1n) throw invalid(text);
  return magnitude;
}

/** Prints largest unit first down to seconds (`1h0m0s`), one unit below a second (`1.5ms`), and `0s`. */
export function formatGoDuration(nanoseconds: Nanoseconds): string {
  if (nanoseconds === 0n) return '0s';
  const sign = nanoseconds < 0n ? '-' : '';
  const magnitude = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  if (magnitude < 1_000n) return `${sign}${magnitude}ns`;
  if (magnitude < 1_000_000n) return `${sign}${decimal(magnitude, 1_000n)}\u00b5s`;
  if (magnitude < 1_000_000_000n) return `${sign}${decimal(magnitude, 1_000_000n)}ms`;
  const hours = magnitude / 3_600_000_000_000n;
  const minutes = (magnitude / 60_000_000_000n) % 60n;
  const seconds = `${decimal(magnitude % 60_000_000_000n, 1_000_000_000n)}s`;
  if (hours > 0n) return `${sign}${hours}h${minutes}m${seconds}`;
  return minutes > 0n ? `${sign}${minutes}m${seconds}` : `${sign}${seconds}`;
}

/** Whole milliseconds, the rest cut off; safe for every 64-bit duration up to 285 thousand years. */
export function toMilliseconds(nanoseconds: Nanoseconds): number {
  return Number(nanoseconds / 1_000_000n);
}

/** Whole seconds, the rest cut off, so that `500ms` is 0: what the kernel's settings take. */
export function toSeconds(nanoseconds: Nanoseconds): number {
  return Number(nanoseconds / 1_000_000_000n);
}

function sumOfParts(text: string, unsigned: string): bigint {
  let total = 0n;
  part.lastIndex = 0;
  while (part.lastIndex < unsigned.length) {
    const match = part.exec(unsigned) as RegExpExecArray;
    total += onePart(text, match[1] as string, match[2] ?? '', match[3] as string);
    if (total > magnitudeLimit) throw invalid(text);
  }
  return total;
}

function onePart(text: string, whole: string, fraction: string, unit: string): bigint {
  if (whole === '' && fraction.length < 2) throw invalid(text);
  if (unit === '') throw new DurationError(`missing unit in duration ${JSON.stringify(text)}`);
  const scale = Object.hasOwn(nanosecondsPerUnit, unit) ? nanosecondsPerUnit[unit] : undefined;
  if (scale === undefined) {
    throw new DurationError(`unknown unit ${JSON.stringify(unit)} in duration ${JSON.stringify(text)}`);
  }
  const value = BigInt(whole === '' ? '0' : whole);
  if (value > magnitudeLimit / scale) throw invalid(text);
  return value * scale + fractionOf(fraction.slice(1), scale);
}

/** The fraction's nanoseconds, in the same floating-point steps as Go so that rounding agrees to the digit. */
function fractionOf(digits: string, scale: bigint): bigint {
  let value = 0n;
  let divisor = 1;
  for (const digit of digits) {
    if (value > (magnitudeLimit - 1n) / 10n) break;
    const next = value * 10n + BigInt(digit);
    if (next > magnitudeLimit) break;
    value = next;
    divisor *= 10;
  }
  return value === 0n ? 0n : BigInt(Math.trunc(Number(value) * (Number(scale) / divisor)));
}

function decimal(value: bigint, unit: bigint): string {
  const digits = String(unit).length - 1;
  const fraction = String(value % unit)
    .padStart(digits, '0')
    .replace(/0+$/, '');
  return fraction === '' ? String(value / unit) : `${value / unit}.${fraction}`;
}

function invalid(text: string): DurationError {
  return new DurationError(`invalid duration ${JSON.stringify(text)}`);
}
