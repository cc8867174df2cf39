import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parse } from 'yaml';
import { amountText, durationText } from '../../../../src/cli/services/amount-text.ts';
import type { DocumentValue } from '../../../../src/cli/services/services-document.ts';
import { columnWidths, rowText, shortened } from '../../../../src/cli/services/text-columns.ts';
import { yamlText } from '../../../../src/cli/services/yaml-text.ts';

it.each([
  [0, '0'],
  [0.25, '0.3'],
  [9.96, '10'],
  [999.4, '999'],
  [999.6, '1.0k'],
  [1234, '1.2k'],
  [9949, '9.9k'],
  [9951, '10k'],
  [999_499, '999k'],
  [999_500, '1.0M'],
  [5e18, '5.0E'],
])('amount %d', (count, text) => expect(amountText(count)).toBe(text));

it.each([
  [0, '0s'],
  [59.9, '59s'],
  [60, '1m'],
  [80, '1m20s'],
  [3600, '1h'],
  [7500, '2h5m'],
  [86_400, '1d'],
  [90_000, '1d1h'],
])('duration %d', (seconds, text) => expect(durationText(seconds)).toBe(text));

describe('columns', () => {
  const columns = [
    { heading: 'NAME', align: 'left', least: 6 },
    { heading: 'COUNT', align: 'right' },
  ] as const;

  it('are as wide as they must, and are cut in the middle where there is no room', () => {
    const rows = [['web-6d4b75cb6d-hx2zk', '7']];
    expect(columnWidths(columns, rows, 80)).toEqual([20, 5]);
    const narrow = columnWidths(columns, rows, 16);
    expect(narrow).toEqual([9, 5]);
    expect(rowText(columns, narrow, rows[0] ?? [])).toBe('web-…x2zk      7');
    expect(columnWidths(columns, rows, 3)).toEqual([6, 5]);
  });

  it.each([
    ['abcdef', 6, 'abcdef'],
    ['abcdef', 5, 'ab…ef'],
    ['abcdef', 4, 'ab…f'],
    ['abcdef', 2, 'ab'],
    ['abcdef', 0, ''],
  ])('%s in %d', (text, width, expected) => expect(shortened(text, width)).toBe(expected));
});

describe('YAML', () => {
  it('is in block style', () => {
    expect(yamlText({ kind: 'List', none: undefined, items: [{ a: 1, b: ['x', 'true'] }, []], empty: {} })).toBe(
      'kind: List\nitems:\n- a: 1\n  b:\n  - x\n  - "true"\n- []\nempty: {}\n',
    );
  });

  it('reads as what it was', () => {
    const text = fc.oneof(
      fc.string(),
      fc.constantFrom('yes', 'No', '1.5', '0x1', '~', '- a', 'a: b', '#', ' a', '', 'null'),
    );
    const name = fc
      .stringMatching(/^[a-z]{1,6}$/)
      .filter((word) => !/^(y|n|yes|no|on|off|true|false|null)$/.test(word));
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof({ maxDepth: 3 }, text, fc.integer(), fc.boolean(), tie('list'), tie('record')),
      list: fc.array(tie('value'), { maxLength: 3 }),
      record: fc.dictionary(name, tie('value'), { maxKeys: 3, noNullPrototype: true }),
    }));
    fc.assert(fc.property(value, (made) => expect(parse(yamlText(made as DocumentValue))).toEqual(made)));
  });
});
