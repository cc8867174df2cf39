import type { Cidr } from '../model/ip.ts';
import { parseCidr, parseIp } from '../model/ip.ts';
import { type ConfigProblem, problem } from './errors.ts';
import { formatGoDuration, type Nanoseconds } from './go-duration.ts';
import { parsePort, splitHostPort } from './listen-text.ts';

/** A value that breaks a rule: `<path>: Invalid value: <value>: <reason>`. */
export function invalidValue(field: string, value: string | number | bigint, reason: string): ConfigProblem {
  const shown = typeof value === 'string' ? JSON.stringify(value) : printNumber(value);
  return problem(`${field}: Invalid value: ${shown}: ${reason}`, { field, value: shown, bound: reason });
}

/** A value that a field of ours cannot have: `<path>: <value> is not possible here, allowed: <what>`. */
export function notPossible(field: string, value: string | number | bigint, allowed: string): ConfigProblem {
  const shown = typeof value === 'bigint' ? formatGoDuration(value) : `${typeof value} ${JSON.stringify(value)}`;
  return problem(`${field}: ${shown} is not possible here, allowed: ${allowed}`, {
    field,
    value: shown,
    bound: allowed,
  });
}

/** A word that is not in the list: `<path>: Unsupported value: <value>: supported values: <list>`. */
export function unsupportedValue(field: string, value: string, supported: readonly string[]): ConfigProblem {
  const bound = `supported values: ${supported.map((word) => JSON.stringify(word)).join(', ')}`;
  const shown = JSON.stringify(value);
  return problem(`${field}: Unsupported value: ${shown}: ${bound}`, { field, value: shown, bound });
}

/** A setting that must not be made: `<path>: Forbidden: <reason>`. */
export function forbidden(field: string, reason: string): ConfigProblem {
  return problem(`${field}: Forbidden: ${reason}`, { field, bound: reason });
}

/** A setting that must be made: `<path>: Required value: <reason>`. */
export function required(field: string, reason: string): ConfigProblem {
  return problem(`${field}: Required value: ${reason}`, { field, bound: reason });
}

/** Refuses a number below 0. Durations are bigint nanoseconds and are printed as such. */
export function notNegative(field: string, value: number | Nanoseconds): ConfigProblem[] {
  return value >= 0 ? [] : [invalidValue(field, value, 'must be greater than or equal to 0')];
}

/** Refuses a duration of 0 or less. */
export function positive(field: string, value: Nanoseconds): ConfigProblem[] {
  return value > 0n ? [] : [invalidValue(field, value, 'must be greater than 0')];
}

/** Refuses a number outside of the range, both ends included. */
export function withinRange(field: string, value: number, least: number, most: number): ConfigProblem[] {
  if (value >= least && value <= most) return [];
  return [invalidValue(field, value, `must be within the range [${least}, ${most}]`)];
}

/** Refuses a text that is no CIDR. */
export function validCidr(
  field: string,
  text: string,
  reason = 'must be a valid CIDR, such as 10.0.0.0/8 or fd00::/8',
): ConfigProblem[] {
  return parseCidr(text) === undefined ? [invalidValue(field, text, reason)] : [];
}

/** Refuses a text that is not `IP:port`, with one problem for each half that is wrong. */
export function validListener(field: string, text: string): ConfigProblem[] {
  const parts = splitHostPort(text);
  if (parts === undefined) return [invalidValue(field, text, 'must be IP:port, such as 0.0.0.0:10256 or [::]:10256')];
  return [
    ...(parseIp(parts.host) === undefined
      ? [invalidValue(field, parts.host, 'must be a valid IP, such as 10.0.0.1 or fd00::1')]
      : []),
    ...(parsePort(parts.port) === undefined
      ? [invalidValue(field, parts.port, 'must be a valid port, 1 to 65535')]
      : []),
  ];
}

/** The CIDRs among the texts; the others are left out. */
export function cidrsOf(texts: readonly string[]): readonly Cidr[] {
  return texts.flatMap((text) => parseCidr(text) ?? []);
}

function printNumber(value: number | bigint): string {
  return typeof value === 'bigint' ? formatGoDuration(value) : String(value);
}
