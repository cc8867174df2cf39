import { describe, expect, it } from '@jest/globals';
import { labOutcome } from '../../../.build/lab-outcome.ts';

const results = (counts: object = {}) =>
  JSON.stringify({ numPassedTests: 5, numFailedTests: 0, numPendingTests: 0, numRuntimeErrorTestSuites: 0, ...counts });
const none = { death: undefined };

describe('labOutcome', () => {
  it('counts what passed', () => {
    expect(labOutcome(results(), 0, [])).toEqual({ passed: 5, failed: 0, ...none });
  });

  it('counts skipped tests and files that could not be run as failures', () => {
    const counted = results({ numFailedTests: 1, numPendingTests: 2, numRuntimeErrorTestSuites: 3 });
    expect(labOutcome(counted, 1, [])).toEqual({ passed: 5, failed: 6, ...none });
  });

  it('lets tests be skipped that somebody did not choose', () => {
    expect(labOutcome(results({ numPendingTests: 2 }), 0, [], true)).toEqual({ passed: 5, failed: 0, ...none });
  });

  it('counts an end with an error as a failure, whatever the results say', () => {
    expect(labOutcome(results(), 1, [])).toEqual({ passed: 5, failed: 1, ...none });
  });

  it.each([
    ['nothing', undefined],
    ['half a file', results().slice(0, 30)],
    ['something else', '{}'],
  ])('says that a lab died that left %s, and which tests were lost', (_what, left) => {
    const death = 'it ended with 125 and left no results of a.test.ts b.test.ts';
    expect(labOutcome(left, 125, ['a.test.ts', 'b.test.ts'])).toEqual({ passed: 0, failed: 1, death });
    expect(labOutcome(left, 0, ['a.test.ts']).failed).toBe(1);
  });
});
