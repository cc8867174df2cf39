import { describe, expect, it } from '@jest/globals';
import { unusualForm } from '../../../../src/kubernetes/objects/unusual-form.ts';
import { parseCidr, parseIp } from '../../../../src/model/ip.ts';

const formOf = (text: string) => {
  const read = parseIp(text) ?? parseCidr(text.trim());
  if (read === undefined) throw new Error(`neither an address nor a network: ${text}`);
  return unusualForm(text, read);
};

describe('unusualForm', () => {
  it.each([
    ['010.0.0.1', 'has leading zeros; read as 10.0.0.1'],
    ['10.0.0.01', 'has leading zeros; read as 10.0.0.1'],
    ['10.00.0.1', 'has leading zeros; read as 10.0.0.1'],
    ['10.096.0.0/16', 'has leading zeros; read as 10.96.0.0/16'],
    [' 192.168.00.0/24', 'has leading zeros; read as 192.168.0.0/24'],
    ['10.0.0.0/08', 'has leading zeros; read as 10.0.0.0/8'],
    ['::ffff:10.0.0.1', 'is an IPv4 address in IPv6 form; read as 10.0.0.1'],
    ['::ffff:10.0.0.0/104', 'is an IPv4 address in IPv6 form; read as 10.0.0.0/8'],
  ])('finds what is unusual about %s', (text, words) => {
    expect(formOf(text)).toBe(words);
  });

  it.each(['10.0.0.1', '100.0.0.0', '0.0.0.0', '10.20.30.40', '0.0.0.0/0', '192.0.2.77/24', ' 10.0.0.0/8 '])(
    'finds nothing unusual about %s',
    (text) => {
      expect(formOf(text)).toBeUndefined();
    },
  );

  it.each(['fd00::1', 'FD00:0::0001', '::', '::/0', 'fd00:0:0::/048'])('finds nothing unusual about %s', (text) => {
    expect(formOf(text)).toBeUndefined();
  });
});
