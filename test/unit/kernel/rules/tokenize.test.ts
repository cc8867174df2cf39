import { describe, expect, it } from '@jest/globals';
import { quote, tokenize } from '../../../../src/kernel/rules/tokenize.ts';

describe('tokenize', () => {
  it.each<[string, string, string[]]>([
    ['words', '-s 10.0.0.0/8  -j RETURN', ['-s', '10.0.0.0/8', '-j', 'RETURN']],
    ['quoted blanks', '--comment "a b" -j X', ['--comment', 'a b', '-j', 'X']],
    ['escaped apostrophe', String.raw`"type \'hash ip:port\'"`, ["type 'hash ip:port'"]],
    ['escaped quote and backslash', String.raw`"a \" \\ b" c`, ['a " \\ b', 'c']],
    ['empty quotes', '--comment "" -j X', ['--comment', '', '-j', 'X']],
    ['a quote that is never closed', '--comment "a b', ['--comment', 'a b']],
    ['nothing', ' ', []],
  ])('splits %s', (_name, rule, expected) => {
    expect(tokenize(rule).map(({ text }) => text)).toEqual(expected);
  });

  it('tells quoted words from options', () => {
    expect(tokenize('"-j" -j').map(({ quoted }) => quoted)).toEqual([true, false]);
  });
});

describe('quote', () => {
  it.each(['plain', 'a b', '-option', "it's", 'say "x"', 'back\\slash', '', '!', 'a,b:1/2'])(
    'keeps %j one word',
    (word) => {
      expect(tokenize(quote(word))).toEqual([expect.objectContaining({ text: word })]);
      const isOption = tokenize(quote(word)).some(({ text, quoted }) => !quoted && /^[-!]/.test(text));
      expect(isOption).toBe(false);
    },
  );
});
