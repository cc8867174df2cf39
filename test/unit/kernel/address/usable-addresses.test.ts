import { expect, it } from '@jest/globals';
import { usableAddresses } from '../../../../src/kernel/address/usable-addresses.ts';
import { ip } from '../../../support/builders.ts';

it('leaves out loopback, link-local IPv6, and what comes twice', () => {
  const all = ['127.0.0.1', '::1', 'fe80::1', '169.254.1.1', '10.0.0.1', 'fd00::1', '10.0.0.1'];
  const addresses = all.map((text, index) => ({ interfaceIndex: index, address: ip(text) }));
  expect(usableAddresses(addresses)).toEqual(['169.254.1.1', '10.0.0.1', 'fd00::1']);
});
