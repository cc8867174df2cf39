import { expect, it } from '@jest/globals';
import { writeHint } from '../../../../src/kernel/sysctl/hints.ts';

it.each([
  ['EROFS', /read-only here; run the init container privileged, or set it on the node/],
  ['EACCES', /not permitted; run the init container privileged, or set it on the node/],
  ['EPERM', /not permitted/],
  ['EINVAL', /does not take this value/],
  ['EIO', /^$/],
])('%s', (errnoName, hint) => {
  expect(writeHint(errnoName)).toMatch(hint);
});
