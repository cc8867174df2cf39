import { inspect } from 'node:util';
import type { LogFields } from './log.ts';

export type Severity = 'info' | 'warning' | 'error';

/** Everything that one line says. */
export interface LogLine {
  readonly severity: Severity;
  readonly timeMs: number;
  /** Source file, e.g. `reconcile/run-loop.ts`. */
  readonly caller: string;
  readonly verbosity: number;
  readonly message: string;
  /** Absent unless the line reports an error. */
  readonly error: unknown;
  readonly fields: LogFields;
}

/** Turns a line into text, with its line feed. */
export type FormatLine = (line: LogLine) => string;

const severityLetters: Readonly<Record<Severity, string>> = { info: 'I', warning: 'W', error: 'E' };
const programmingErrors = [TypeError, RangeError, ReferenceError, SyntaxError];

/**
 * The klog form: `I1120 17:37:49.713000   32696 run-loop.ts:0] "Message" key="value"`, local time. The line number
 * is always 0: finding it needs a stack trace for every line, which costs ten times as much as the line itself.
 */
export function textFormat(processId: number): FormatLine {
  const pid = String(processId).padStart(7);
  let cachedSecond = Number.NaN;
  let cachedTime = '';
  return (line) => {
    const second = Math.floor(line.timeMs / 1000);
    if (second !== cachedSecond) {
      cachedSecond = second;
      cachedTime = localTime(new Date(second * 1000));
    }
    const micros = String(Math.floor((line.timeMs - second * 1000) * 1000)).padStart(6, '0');
    const file = line.caller.slice(line.caller.lastIndexOf('/') + 1);
    const head = `${severityLetters[line.severity]}${cachedTime}.${micros} ${pid} ${file}:0] ${quote(line.message)}`;
    return `${head}${textError(line.error)}${textFields(line.fields)}\n`;
  };
}

/** The form of Kubernetes' JSON logs: `ts` (milliseconds), `caller`, `msg`, `v` (information only), `err`, fields. */
export const jsonFormat: FormatLine = (line) => {
  const head = {
    ts: line.timeMs,
    caller: `${line.caller}:0`,
    msg: line.message,
    ...(line.severity === 'error' ? {} : { v: line.verbosity }),
    ...(line.error === undefined ? {} : { err: errorText(line.error) }),
  };
  return `${toJson({ ...line.fields, ...stackOf(line.error), ...head }, Object.keys(head))}\n`;
};

/** What an error says, with the errors that caused it; up to ten of them. */
export function errorText(error: unknown): string {
  const texts: string[] = [];
  let current = error;
  for (let depth = 0; depth < 10 && current !== undefined && current !== null; depth += 1) {
    const text = current instanceof Error ? current.message || current.name : otherText(current);
    if (!texts.some((known) => known.includes(text))) texts.push(text);
    current = current instanceof Error ? current.cause : undefined;
  }
  return texts.join(': ');
}

/** What was thrown though it is no error. */
function otherText(thrown: unknown): string {
  return typeof thrown === 'string' ? thrown : inspect(thrown, { breakLength: Number.POSITIVE_INFINITY });
}

function textError(error: unknown): string {
  if (error === undefined) return '';
  const stack = stackOf(error).stack;
  return ` err=${textValue(errorText(error))}${stack === undefined ? '' : ` stack=${textValue(stack)}`}`;
}

/** The stack of errors that only a fault in the program can cause. */
function stackOf(error: unknown): { readonly stack?: string } {
  const isFault = programmingErrors.some((kind) => error instanceof kind);
  const stack = isFault ? (error as Error).stack : undefined;
  return stack === undefined ? {} : { stack };
}

function textFields(fields: LogFields): string {
  let text = '';
  for (const key in fields) {
    const value = fields[key];
    if (value !== undefined) text += ` ${key}=${textValue(value)}`;
  }
  return text;
}

function textValue(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return value.includes('\n') ? `<\n\t${value.replaceAll('\n', '\n\t')}\n >` : quote(value);
    case 'number':
    case 'bigint':
    case 'boolean':
      return String(value);
    default:
      return value instanceof Error ? quote(errorText(value)) : toJson(value);
  }
}

const plainText = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

/** Quoted as Go's `strconv.Quote` does for everything that appears in practice. */
function quote(text: string): string {
  return plainText.test(text) ? `"${text}"` : JSON.stringify(text);
}

/** JSON that never throws: big integers as numbers, errors as text, cycles and getters that throw as a note. */
function toJson(value: unknown, first: readonly string[] = []): string {
  try {
    const ordered = first.length === 0 ? value : inOrder(value as Record<string, unknown>, first);
    return JSON.stringify(ordered, jsonValue) ?? 'null';
  } catch (error) {
    return JSON.stringify(`unprintable: ${(error as Error).message}`);
  }
}

function jsonValue(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : String(value);
  if (value instanceof Error) return errorText(value);
  if (value instanceof Map) return Object.fromEntries(value);
  return value instanceof Set ? [...value] : value;
}

function inOrder(value: Record<string, unknown>, first: readonly string[]): Record<string, unknown> {
  const head = Object.fromEntries(first.map((key) => [key, value[key]]));
  return { ...head, ...value };
}

function localTime(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${two(date.getMonth() + 1)}${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}
