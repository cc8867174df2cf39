import { expect, it } from '@jest/globals';
import { usageFailure } from '../../../src/app/usage-failure.ts';
import { UsageError } from '../../../src/config/errors.ts';
import { parseFlags } from '../../../src/config/parse-flags.ts';

function refusal(...argv: string[]): string {
  try {
    parseFlags(argv);
  } catch (error) {
    if (error instanceof UsageError) return usageFailure(error);
    throw error;
  }
  throw new Error('it was read');
}

it('a tool that is mistyped is one line', () => {
  expect(refusal('explian', 'svc/a/b')).toBe(
    'Error: ipvs-proxier does not take any arguments, got "explian"; see ipvs-proxier help\n',
  );
});

it.each([['--no-such-flag'], ['-x'], ['--v=-1'], ['--config']])('%s is told below all flags', (flag) => {
  const lines = refusal(flag).trimEnd().split('\n');
  expect(lines.at(-1)).toMatch(/^Error: (unknown|invalid|flag needs)/);
  expect(lines).toContain('      --config string');
});
