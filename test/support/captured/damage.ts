import fc from 'fast-check';
import { MalformedMessageError } from '../../../src/netlink/message-reader.ts';

/** One of the messages, cut off at its end by up to `most` bytes and with one of its first `most` bytes changed. */
export function damaged(messages: readonly Uint8Array[], most: number): fc.Arbitrary<Uint8Array> {
  return fc
    .record({
      bytes: fc.constantFrom(...messages),
      end: fc.nat({ max: most }),
      at: fc.nat({ max: most }),
      value: fc.nat({ max: 255 }),
    })
    .map(({ bytes, end, at, value }) => {
      const result = bytes.slice(0, Math.max(bytes.length - end, 0));
      if (at < result.length) result[at] = value;
      return result;
    });
}

/** Runs a decoder, which may refuse what it is given with `MalformedMessageError` and in no other way. */
export function decodesOrRefuses(decode: () => unknown): true {
  try {
    decode();
  } catch (error) {
    if (!(error instanceof MalformedMessageError)) throw error;
  }
  return true;
}
