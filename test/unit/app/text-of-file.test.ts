import { expect, it } from '@jest/globals';
import { textOfFile } from '../../../src/app/text-of-file.ts';

it('is what the file has, or nothing', () => {
  expect(textOfFile(import.meta.filename)).toContain('is what the file has');
  expect(textOfFile('/proc/there-is-no-such-file')).toBe('');
  expect(textOfFile('/')).toBe('');
});
