import { describe, expect, it } from '@jest/globals';
import { errorText, jsonFormat, type LogLine, textFormat } from '../../../src/observe/log-format.ts';

const noon = new Date(2026, 10, 20, 17, 7, 9).getTime();
const line = (parts: Partial<LogLine> = {}): LogLine => ({
  severity: 'info',
  timeMs: noon,
  caller: 'reconcile/run-loop.ts',
  verbosity: 0,
  message: 'Synced service',
  error: undefined,
  fields: {},
  ...parts,
});
const text = (parts: Partial<LogLine>): string => textFormat(32696)(line(parts));
const json = (parts: Partial<LogLine>): unknown => JSON.parse(jsonFormat(line(parts)));

describe('textFormat', () => {
  it('writes the header as klog does', () => {
    expect(text({})).toBe('I1120 17:07:09.000000   32696 run-loop.ts:0] "Synced service"\n');
    expect(textFormat(1)(line({ severity: 'warning', timeMs: noon + 1.5, caller: 'a.ts' }))).toBe(
      'W1120 17:07:09.001500       1 a.ts:0] "Synced service"\n',
    );
  });

  it('follows the clock from second to second', () => {
    const format = textFormat(1);
    expect(format(line())).toContain(' 17:07:09.000000 ');
    expect(format(line({ timeMs: noon + 999 }))).toContain(' 17:07:09.999000 ');
    expect(format(line({ timeMs: noon + 1000 }))).toContain(' 17:07:10.000000 ');
  });

  it.each([
    ['text', 'ns/svc', '"ns/svc"'],
    ['quotes and backslashes', 'a"b\\c', '"a\\"b\\\\c"'],
    ['control characters', '\u0007\t', '"\\u0007\\t"'],
    ['several lines', 'a\nb', '<\n\ta\n\tb\n >'],
    ['a number', 10, '10'],
    ['a big number', 10n ** 20n, '100000000000000000000'],
    ['a truth value', false, 'false'],
    ['null', null, 'null'],
    ['a list', ['a', 1], '["a",1]'],
    ['a map', { a: { b: 1n } }, '{"a":{"b":1}}'],
    ['a Map and a Set', { map: new Map([['a', 1]]), set: new Set([1]) }, '{"map":{"a":1},"set":[1]}'],
    ['an error', new Error('why'), '"why"'],
    ['an error in a list', [new Error('why')], '["why"]'],
  ])('writes %s', (_name, value, expected) => {
    expect(text({ fields: { key: value } })).toBe(
      `I1120 17:07:09.000000   32696 run-loop.ts:0] "Synced service" key=${expected}\n`,
    );
  });

  it('leaves out fields that are undefined', () => {
    expect(text({ fields: { a: undefined, b: 1 } })).toMatch(/"Synced service" b=1\n$/);
  });

  it('writes errors before the fields', () => {
    const parts = { severity: 'error', error: new Error('why'), fields: { a: 1 } } as const;
    expect(text(parts)).toMatch(/^E.* "Synced service" err="why" a=1\n$/);
  });

  it('adds the stack of a fault in the program, and of nothing else', () => {
    expect(text({ error: new TypeError('why') })).toContain(' err="why" stack=<\n\tTypeError: why\n\t    at ');
    expect(text({ error: new Error('why') })).not.toContain('stack');
  });

  it('survives values that cannot be printed', () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    expect(text({ fields: { cycle } })).toContain('cycle="unprintable: ');
  });
});

describe('jsonFormat', () => {
  it('writes what Kubernetes components write', () => {
    expect(jsonFormat(line({ verbosity: 2, fields: { service: 'ns/svc', endpoints: 10 } }))).toBe(
      `{"ts":${noon},"caller":"reconcile/run-loop.ts:0","msg":"Synced service","v":2,"service":"ns/svc","endpoints":10}\n`,
    );
  });

  it('writes err and no v for errors', () => {
    expect(json({ severity: 'error', error: new Error('why'), fields: { a: 1n } })).toEqual({
      ts: noon,
      caller: 'reconcile/run-loop.ts:0',
      msg: 'Synced service',
      err: 'why',
      a: 1,
    });
  });

  it('keeps its own keys when a field has the same name', () => {
    expect(json({ fields: { msg: 'other', ts: 1 } })).toMatchObject({ msg: 'Synced service', ts: noon });
  });

  it('stays one line', () => {
    expect(jsonFormat(line({ message: 'a\nb', error: new TypeError('c\nd') })).indexOf('\n')).toBe(
      jsonFormat(line({ message: 'a\nb', error: new TypeError('c\nd') })).length - 1,
    );
  });
});

describe('errorText', () => {
  it('adds what caused the error, once', () => {
    const cause = new Error('inner');
    expect(errorText(new Error('outer', { cause }))).toBe('outer: inner');
    expect(errorText(new Error('outer: inner', { cause }))).toBe('outer: inner');
    expect(errorText('text')).toBe('text');
    expect(errorText(undefined)).toBe('');
  });

  it('shows what was thrown though it is no error', () => {
    expect(errorText({ reason: 'gone' })).toBe("{ reason: 'gone' }");
    expect(errorText(7)).toBe('7');
  });

  it('ends when errors cause each other', () => {
    const one = new Error('one');
    one.cause = new Error('two', { cause: one });
    expect(errorText(one)).toMatch(/^one: two/);
  });
});
