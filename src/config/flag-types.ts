import { parseIp } from '../model/ip.ts';
import { splitHostPort } from './listen-text.ts';
import { formatGoDuration, parseGoDuration } from './go-duration.ts';
import { isQuantity } from './schema-fields.ts';

/** Verbosity of the source files that match a pattern. */
export interface FilePatternVerbosity {
  readonly filePattern: string;
  readonly verbosity: number;
}

/** What a flag's text can become. */
export type FlagValue =
  | string
  | boolean
  | number
  | bigint
  | readonly string[]
  | readonly FilePatternVerbosity[]
  | Readonly<Record<string, boolean>>;

/** How the text of a flag is read and shown. */
export interface FlagType {
  /** The word for the value in the help text; blank for switches. */
  readonly word: string;
  /** Stands for the value when the flag is given without one. */
  readonly withoutValue?: string;
  /** Throws an `Error` with the reason. `previous` is what earlier uses of the same flag gave. */
  parse(text: string, previous: FlagValue | undefined): FlagValue;
  print(value: FlagValue): string;
}

/** For the types whose values are texts, numbers, switches or lists of texts. */
const plain = (value: FlagValue): string => String(value as string | number | bigint | boolean | readonly string[]);

/** Types by the name that the flag table uses. */
export const flagTypes = {
  string: { word: 'string', parse: (text) => text, print: plain },
  bool: { word: '', withoutValue: 'true', parse: parseBool, print: plain },
  version: { word: 'version[=true]', withoutValue: 'true', parse: (text) => text, print: plain },
  int32: { word: 'int32', parse: (text) => parseInteger(text, -2147483648, 2147483647), print: plain },
  uint32: { word: 'Level', parse: (text) => parseInteger(text, 0, 4294967295), print: plain },
  float32: { word: 'float32', parse: parseFloat32, print: plain },
  duration: { word: 'duration', parse: parseDuration, print: (value) => formatGoDuration(value as bigint) },
  ip: { word: 'ip', parse: parseIpFlag, print: plain },
  listener: { word: 'ipport', parse: parseListenerFlag, print: plain },
  quantity: { word: 'quantity', parse: parseQuantity, print: plain },
  list: { word: 'strings', parse: appendCsv, print: (value) => `[${(value as readonly string[]).join(',')}]` },
  paths: { word: 'directory', parse: appendOne, print: (value) => `[${(value as readonly string[]).join(',')}]` },
  switches: { word: 'mapStringBool', parse: mergeSwitches, print: printSwitches },
  patterns: { word: 'pattern=N,...', parse: appendPatterns, print: printPatterns },
} as const satisfies Record<string, FlagType>;

export type FlagTypeName = keyof typeof flagTypes;

const truths: Readonly<Record<string, boolean>> = Object.fromEntries([
  ...['1', 't', 'T', 'TRUE', 'true', 'True'].map((word) => [word, true]),
  ...['0', 'f', 'F', 'FALSE', 'false', 'False'].map((word) => [word, false]),
]);

function parseBool(text: string): boolean {
  const value = Object.hasOwn(truths, text) ? truths[text] : undefined;
  if (value === undefined)
    throw new Error(`${JSON.stringify(text)} is not true or false, allowed: true, false, t, f, 1, 0`);
  return value;
}

function parseInteger(text: string, least: number, most: number): number {
  const unsigned = text.replace(/^[+-]/, '');
  if (!/^(\d+|0[xX][\da-fA-F]+|0[bB][01]+|0[oO][0-7]+)$/.test(unsigned) || (least === 0 && /^[+-]/.test(text))) {
    throw new Error(`${JSON.stringify(text)} is not a whole number, allowed: ${least} to ${most}`);
  }
  const octal = /^0\d+$/.test(unsigned) ? Number.parseInt(unsigned, 8) : Number(unsigned);
  const value = text.startsWith('-') ? 0 - octal : octal;
  if (Number.isNaN(value) || value < least || value > most) {
    throw new Error(`${JSON.stringify(text)} is out of range, allowed: ${least} to ${most}`);
  }
  return value;
}

function parseDuration(text: string): bigint {
  try {
    return parseGoDuration(text);
  } catch (cause) {
    throw new Error(`${(cause as Error).message}, allowed: one such as 30s or 1h30m`, { cause });
  }
}

function parseFloat32(text: string): number {
  const value = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isFinite(value) || Math.abs(value) > 3.4028234663852886e38) {
    throw new Error(`${JSON.stringify(text)} is not a number, allowed: one such as 5, 0.5 or -1`);
  }
  return value;
}

const allowedAddress = 'allowed: one such as 10.0.0.1 or fd00::1';
const allowedListener =
  'allowed: an address such as 10.0.0.1 or fd00::1, or one with a port, 10.0.0.1:80 or [fd00::1]:80';

/** Blank means "not given", as upstream. */
function parseIpFlag(text: string): string {
  if (text !== '' && parseIp(text.trim()) === undefined)
    throw new Error(`${JSON.stringify(text)} is not an IP address, ${allowedAddress}`);
  return text.trim();
}

function parseListenerFlag(text: string): string {
  const trimmed = text.trim();
  if (trimmed === '' || parseIp(trimmed) !== undefined) return trimmed;
  const parts = splitHostPort(trimmed);
  if (parts === undefined)
    throw new Error(`${JSON.stringify(text)} is not an IP address or IP:port, ${allowedListener}`);
  if (parseIp(parts.host) === undefined)
    throw new Error(`${JSON.stringify(parts.host)} is not an IP address, ${allowedListener}`);
  if (!/^\d+$/.test(parts.port) || Number(parts.port) > 65535) {
    throw new Error(`${JSON.stringify(parts.port)} is not a port, allowed: 0 to 65535`);
  }
  return trimmed;
}

function parseQuantity(text: string): string {
  if (!isQuantity(text)) throw new Error(`${JSON.stringify(text)} is not a quantity, allowed: one such as 0 or 64Ki`);
  return text;
}

function appendCsv(text: string, previous: FlagValue | undefined): readonly string[] {
  return [...((previous ?? []) as readonly string[]), ...splitCsv(text)];
}

function appendOne(text: string, previous: FlagValue | undefined): readonly string[] {
  return [...((previous ?? []) as readonly string[]), ...(text === '' ? [] : [text])];
}

/** One CSV record: commas separate, double quotes enclose, two of them stand for one. */
function splitCsv(text: string): string[] {
  if (text === '') return [];
  const fields: string[] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/y;
  while (true) {
    const match = field.exec(text);
    if (match === null)
      throw new Error(
        `${JSON.stringify(text)} has an unpaired quote, allowed: words with commas between them, in double quotes where they have commas`,
      );
    fields.push(match[1] === undefined ? (match[2] as string) : match[1].replaceAll('""', '"'));
    if (match[3] === '') return fields;
  }
}

function mergeSwitches(text: string, previous: FlagValue | undefined): Readonly<Record<string, boolean>> {
  const merged: Record<string, boolean> = { ...(previous as Record<string, boolean> | undefined) };
  for (const pair of text.split(',').filter((each) => each !== '')) {
    const [name, value] = splitOnce(pair, '=');
    if (value === undefined) throw new Error(`missing bool value for ${name.trim()}, allowed: NAME=true or NAME=false`);
    merged[name.trim()] = parseBool(value.trim());
  }
  return merged;
}

function printSwitches(value: FlagValue): string {
  const entries = Object.entries(value as Record<string, boolean>).map(([name, on]) => `${name}=${on}`);
  return entries.toSorted().join(',');
}

function appendPatterns(text: string, previous: FlagValue | undefined): readonly FilePatternVerbosity[] {
  const added = text
    .split(',')
    .filter((each) => each !== '')
    .map((pair): FilePatternVerbosity => {
      const [filePattern, verbosity] = splitOnce(pair, '=');
      if (verbosity === undefined || filePattern === '')
        throw new Error(`${JSON.stringify(pair)} is not pattern=N, allowed: such as main=4 or watch*=2`);
      return { filePattern, verbosity: parseInteger(verbosity, 0, 4294967295) };
    });
  return [...((previous ?? []) as readonly FilePatternVerbosity[]), ...added];
}

function printPatterns(value: FlagValue): string {
  return (value as readonly FilePatternVerbosity[]).map((each) => `${each.filePattern}=${each.verbosity}`).join(',');
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)];
}
