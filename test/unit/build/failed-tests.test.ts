import { describe, expect, it } from '@jest/globals';
import { failedTests } from '../../../.build/failed-tests.ts';

const results = (...testResults: object[]) => JSON.stringify({ numFailedTests: 1, testResults });
const message = [
  'Error: \u001b[2mexpect(\u001b[22m1\u001b[2m)\u001b[22m',
  '',
  'Expected: 2',
  '    at a (b.ts:1:2)',
  '3',
  '4',
  '5',
  '6',
  '7',
];

describe('failedTests', () => {
  it('names each failed test with its file, and says in six lines what was said', () => {
    const file = {
      name: '/lab/test/a.test.ts',
      assertionResults: [
        { status: 'passed', fullName: 'one works' },
        { status: 'failed', fullName: 'two works', failureMessages: [message.join('\n')] },
      ],
    };
    expect(failedTests(results(file), '/lab')).toEqual([
      { name: 'test/a.test.ts: two works', message: 'Error: expect(1)\nExpected: 2\n3\n4\n5\n6' },
    ]);
  });

  it('names a file that could not be run, with its reason', () => {
    const file = { name: '/lab/a.test.ts', message: 'Test suite failed to run', assertionResults: [] };
    expect(failedTests(results(file), '/elsewhere')).toEqual([
      { name: '/lab/a.test.ts', message: 'Test suite failed to run' },
    ]);
  });

  it("names the demo's checks that failed", () => {
    const checks = [
      { what: 'answers', ok: true, seen: '3' },
      { what: 'drains', ok: false, seen: 'cut' },
    ];
    expect(failedTests(JSON.stringify({ checks }), '/')).toEqual([{ name: 'drains', message: 'cut' }]);
  });

  it.each([
    ['half a file', '{"testRes'],
    ['no object', 'null'],
    ['counts only', '{"numFailedTests":1}'],
  ])('names none in %s', (_what, json) => expect(failedTests(json, '/')).toEqual([]));
});
