import { describe, expect, it } from '@jest/globals';
import {
  defaultEndpointSlice,
  validateEndpointSlice,
} from '../../../../support/api-server/objects/endpoint-slice-rules.ts';
import type { KubernetesObject } from '../../../../support/api-server/objects/kubernetes-object.ts';

function slice(fields: object): KubernetesObject {
  const object = { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata: { name: 'a' }, ...fields };
  defaultEndpointSlice(object);
  return object;
}

function findings(fields: object, previous?: object): string[] {
  const before = previous === undefined ? undefined : slice(previous);
  return validateEndpointSlice(slice(fields), before).map((cause) => `${cause.field}: ${cause.message}`);
}

describe('EndpointSlice', () => {
  it('gets names and protocols of ports', () => {
    expect(slice({ ports: [{ port: 80 }] })).toMatchObject({
      ports: [{ port: 80, name: '', protocol: 'TCP' }],
      endpoints: [],
    });
  });

  it.each<[string, object, object | undefined]>([
    ['addressType: Required value', {}, undefined],
    ['addressType: Unsupported value: "X": supported values: "FQDN", "IPv4", "IPv6"', { addressType: 'X' }, undefined],
    ['addressType: Invalid value: "IPv6": field is immutable', { addressType: 'IPv6' }, { addressType: 'IPv4' }],
    [
      'endpoints[0].addresses: Required value: must contain at least 1 address',
      { addressType: 'IPv4', endpoints: [{}] },
      undefined,
    ],
    [
      'endpoints[0].addresses[0]: Invalid value: "fd00::1": must be a valid IPv4 address',
      { addressType: 'IPv4', endpoints: [{ addresses: ['fd00::1'] }] },
      undefined,
    ],
    ['ports[1].name: Duplicate value: ""', { addressType: 'IPv4', ports: [{ port: 1 }, { port: 2 }] }, undefined],
    [
      'ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive',
      { addressType: 'IPv4', ports: [{ port: 0 }] },
      undefined,
    ],
    [
      'endpoints: Too many: 1001: must have at most 1000 items',
      { addressType: 'IPv4', endpoints: Array.from({ length: 1001 }, () => ({ addresses: ['10.0.0.1'] })) },
      undefined,
    ],
  ])('refuses: %s', (message, fields, previous) => {
    expect(findings(fields, previous)).toEqual([message]);
  });

  it('accepts ports without a number, and host names', () => {
    expect(
      findings({ addressType: 'FQDN', endpoints: [{ addresses: ['example.com'] }], ports: [{ name: 'all' }] }),
    ).toEqual([]);
  });
});
