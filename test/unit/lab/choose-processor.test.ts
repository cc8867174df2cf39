import { describe, expect, it } from '@jest/globals';
import { chooseProcessor, leastUsed, parseProcessorList } from '../../lab/choose-processor.ts';

describe('leastUsed', () => {
  it('takes a processor that no guest is bound to', () => {
    expect(leastUsed([0, 1, 2], [[0], [2], [0]], 0)).toBe(1);
  });

  it('takes any of those with the fewest guests', () => {
    const chosen = [0, 0.3, 0.5, 0.99].map((draw) => leastUsed([0, 1, 2], [[1]], draw));
    expect(chosen).toEqual([0, 0, 2, 2]);
  });

  it('does not count guests that may run anywhere, nor processors that it may not use', () => {
    expect(leastUsed([4], [[0, 1, 2, 3, 4], [4]], 0.9)).toBe(4);
    expect(leastUsed([0, 1], [[0, 1], [0]], 0)).toBe(1);
  });

  it('takes none where there is none', () => {
    expect(leastUsed([], [], 0)).toBeUndefined();
  });
});

describe('parseProcessorList', () => {
  it.each([
    ['0', [0]],
    ['0-2', [0, 1, 2]],
    ['0-1,8,10-11', [0, 1, 8, 10, 11]],
  ])('reads %s', (text, processors) => {
    expect(parseProcessorList(text)).toEqual(processors);
  });
});

describe('chooseProcessor', () => {
  it('finds one on this machine', () => {
    expect(chooseProcessor()).toBeGreaterThanOrEqual(0);
  });
});
