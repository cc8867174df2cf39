import { describe, expect, it } from '@jest/globals';
import { DescriptorSink } from '../../../src/observe/log-sink.ts';

const failure = (code: string): Error => Object.assign(new Error(code), { code });

/** A descriptor whose behaviour is a list: a number of bytes to take, or an error to throw; then it takes all. */
function pipe(...script: (number | Error)[]) {
  let written = '';
  const writeBytes = (_descriptor: number, bytes: Uint8Array): number => {
    const next = script.shift();
    if (next instanceof Error) throw next;
    const taken = bytes.subarray(0, next ?? bytes.length);
    written += Buffer.from(taken).toString('utf8');
    return taken.length;
  };
  return { writeBytes, text: () => written };
}

describe('DescriptorSink', () => {
  it.each([
    ['everything at once', []],
    ['piece by piece', [1, 2, 3]],
    ['after a full pipe', [failure('EAGAIN'), 3, failure('EAGAIN')]],
    ['after an interruption', [failure('EINTR'), failure('EINTR')]],
  ])('writes %s', (_name, script) => {
    const { writeBytes, text } = pipe(...script);
    new DescriptorSink(2, writeBytes).write('one line\n');
    expect(text()).toBe('one line\n');
  });

  it('gives up on a pipe that stays full, and says later what is missing', () => {
    let isStuck = true;
    const { writeBytes, text } = pipe();
    const sink = new DescriptorSink(2, (descriptor, bytes) => {
      if (isStuck) throw failure('EAGAIN');
      return writeBytes(descriptor, bytes);
    });
    sink.write('lost 1\n');
    sink.write('lost 22\n');
    isStuck = false;
    sink.write('here\n');
    sink.write('again\n');
    expect(text()).toBe('log output dropped: 15 bytes\nhere\nagain\n');
  });

  it('does not throw when nobody reads any more', () => {
    const sink = new DescriptorSink(2, () => {
      throw failure('EPIPE');
    });
    expect(() => sink.write('line\n')).not.toThrow();
  });
});
