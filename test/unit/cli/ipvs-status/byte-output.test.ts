import { describe, expect, it } from '@jest/globals';
import { ByteOutput } from '../../../../src/cli/ipvs-status/byte-output.ts';

/** What arrives, in the pieces that were written. */
function output() {
  const pieces: string[] = [];
  return { pieces, bytes: new ByteOutput((bytes) => pieces.push(Buffer.from(bytes).toString('latin1'))) };
}

describe('real servers', () => {
  it.each([
    ['0.0.0.0:0', 0],
    ['1.2.3.4:80', 0x01020304 * 65_536 + 80],
    ['10.100.99.9:10', 0x0a646309 * 65_536 + 10],
    ['109.110.19.20:9999', 0x6d6e1314 * 65_536 + 9999],
    ['255.255.255.255:65535', 0xffffffff * 65_536 + 65_535],
    ['200.201.210.250:10000', 0xc8c9d2fa * 65_536 + 10_000],
  ])('%s', (text, endpoint) => {
    const { pieces, bytes } = output();
    bytes.realServer(endpoint, Buffer.from('Masq\n'));
    bytes.flush();
    expect(pieces).toEqual([`  -> ${text.padEnd(28)} Masq\n`]);
  });
});

it('text and bytes come out in their order, however much there is', () => {
  const { pieces, bytes } = output();
  const source = Buffer.from('Masq    1\n', 'latin1');
  let expected = '';
  for (let index = 0; index < 9000; index++) {
    bytes.text(`\u00e4 line ${index}`);
    bytes.realServer(index, source);
    expected += `\u00e4 line ${index}  -> ${`0.0.0.0:${index}`.padEnd(28)} Masq    1\n`;
  }
  bytes.text('x'.repeat(70_000));
  bytes.flush();
  bytes.flush();
  expect(pieces.join('')).toBe(expected + 'x'.repeat(70_000));
  expect(pieces.length).toBeLessThan(16);
});
