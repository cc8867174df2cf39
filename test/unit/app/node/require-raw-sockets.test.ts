import { expect, it } from '@jest/globals';
import { requireRawSockets } from '../../../../src/app/node/require-raw-sockets.ts';

const status = (bounding: string, ambient: string) =>
  `Name:\tnode\nCapBnd:\t${bounding}\nCapAmb:\t${ambient}\nSeccomp:\t0\n`;
const none = '0000000000000000';
const adminOnly = '0000000000001000';
const adminAndRaw = '0000000000003000';
const all = '000001ffffffffff';

it.each([
  ['root with everything', status(all, none), 0, true],
  ['root with NET_ADMIN and NET_RAW', status(adminAndRaw, none), 0, true],
  ['root with NET_ADMIN', status(adminOnly, all), 0, false],
  ['somebody with both, which programs inherit', status(all, adminAndRaw), 1000, true],
  ['somebody whose programs inherit nothing', status(all, none), 1000, false],
  ['a kernel that does not say', 'Name:\tnode\n', 0, true],
])('%s', (_name, text, userId, isFine) => {
  let thrown = '';
  try {
    requireRawSockets({ status: text, userId });
  } catch (error) {
    thrown = String(error);
  }
  expect(thrown.includes('NET_RAW: give NET_ADMIN and NET_RAW')).toBe(!isFine);
  expect(thrown === '').toBe(isFine);
});
