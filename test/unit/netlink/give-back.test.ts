import { expect, it } from '@jest/globals';
import { giveBack } from '../../../src/netlink/give-back.ts';

it('leaves nothing of bytes that have their memory to themselves, however often', () => {
  const reply = new Uint8Array(1_000);
  giveBack(reply);
  giveBack(reply);
  expect([reply.byteLength, reply.buffer.byteLength]).toEqual([0, 0]);
});

it.each([
  ['others', new Uint8Array(1_000).subarray(0, 500)],
  ['another process', new Uint8Array(new SharedArrayBuffer(500))],
])('leaves bytes alone that share their memory with %s', (_who, reply) => {
  giveBack(reply);
  expect(reply).toHaveLength(500);
});
