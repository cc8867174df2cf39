import { describe, expect, it } from '@jest/globals';
import { hangingLines, paint, terminalOf, wrapWords } from '../../../src/cli/terminal.ts';

describe('a terminal', () => {
  it.each([
    [
      { isTerminal: true, columns: 80, environment: { TERM: 'xterm' } },
      { colours: true, width: 80 },
    ],
    [
      { isTerminal: true, columns: 80, environment: { NO_COLOR: '1' } },
      { colours: false, width: 80 },
    ],
    [
      { isTerminal: true, columns: 80, environment: { TERM: 'dumb' } },
      { colours: false, width: 80 },
    ],
    [
      { isTerminal: false, columns: undefined, environment: { COLUMNS: '60' } },
      { colours: false, width: 60 },
    ],
    [
      { isTerminal: false, columns: undefined, environment: {} },
      { colours: false, width: 100 },
    ],
    [
      { isTerminal: true, columns: 3, environment: {} },
      { colours: true, width: 20 },
    ],
  ])('%j is written to as %j', (facts, terminal) => {
    expect(terminalOf(facts)).toEqual(terminal);
  });

  it('gets colours only where it has them', () => {
    expect(paint({ colours: true, width: 80 }, 'red', 'no')).toBe('\x1b[31mno\x1b[0m');
    expect(paint({ colours: false, width: 80 }, 'red', 'no')).toBe('no');
  });
});

describe('lines', () => {
  it('are wrapped at words', () => {
    expect(wrapWords('one two three', 8)).toEqual(['one two', 'three']);
    expect(wrapWords('unbreakable', 5)).toEqual(['unbreakable']);
  });

  it('hang behind their lead, or begin below it where it is long', () => {
    expect(hangingLines('-o', 'one two three four five', 4, 24)).toEqual(['-o  one two three four', '    five']);
    expect(hangingLines('--long', 'one', 4, 30)).toEqual(['--long', '    one']);
  });
});
