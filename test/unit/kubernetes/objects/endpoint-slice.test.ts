import { describe, expect, it } from '@jest/globals';
import { createDecoder } from '../../../../src/kubernetes/objects/decoder.ts';
import { packPlaces, unpackPlaces } from '../../../../src/model/packed-places.ts';

function sliceWith(change: object, metadata: object = {}): unknown {
  return {
    metadata: { namespace: 'shop', name: 'web-x7', labels: { 'kubernetes.io/service-name': 'web' }, ...metadata },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    endpoints: [],
    ...change,
  };
}

const decode = (value: unknown) => createDecoder().endpointSlice(value);

describe('decodeEndpointSlice', () => {
  it('reads every field it uses', () => {
    const { object, warnings } = decode(
      sliceWith(
        {
          endpoints: [
            {
              addresses: ['10.1.0.5', '10.1.0.6'],
              conditions: { ready: false, serving: true, terminating: true },
              nodeName: 'n1',
              zone: 'z1',
              targetRef: { kind: 'Pod', name: 'web-0' },
              hints: { forZones: [{ name: 'z1' }, { name: 'z2' }], forNodes: [{ name: 'n1' }] },
            },
          ],
        },
        { annotations: { 'endpoints.kubernetes.io/last-change-trigger-time': '2024-01-01T00:00:00.123456789Z' } },
      ),
    );
    expect(warnings).toEqual([]);
    expect(object).toEqual({
      key: 'shop/web-x7',
      service: 'shop/web',
      family: 'IPv4',
      ports: [{ name: 'http', protocol: 'TCP', port: 8080 }],
      endpoints: [
        {
          address: '10.1.0.5',
          ready: false,
          serving: true,
          terminating: true,
          nodeName: 'n1',
          zoneHints: ['z1', 'z2'],
          nodeHints: ['n1'],
        },
      ],
      places: packPlaces([{ pod: 'web-0', zone: 'z1' }]),
      lastChangeTriggerTimeMs: 1704067200123,
    });
  });

  it('keeps places in the order of the endpoints that are used', () => {
    const { object } = decode(
      sliceWith({
        endpoints: [
          { addresses: ['10.1.0.5'], targetRef: { kind: 'Pod', name: 'web-0' }, zone: 'z1' },
          { addresses: ['nonsense'], targetRef: { kind: 'Pod', name: 'web-1' }, zone: 'z2' },
          { addresses: ['10.1.0.7'], targetRef: { kind: 'Node', name: 'n9' } },
        ],
      }),
    );
    expect(object?.endpoints.map(({ address }) => address)).toEqual(['10.1.0.5', '10.1.0.7']);
    expect(unpackPlaces(object?.places ?? '')).toEqual([
      { pod: 'web-0', zone: 'z1' },
      { pod: '', zone: '' },
    ]);
  });

  it.each([
    ['absent', undefined, { ready: true, serving: true, terminating: false }],
    ['null', null, { ready: true, serving: true, terminating: false }],
    ['empty', {}, { ready: true, serving: true, terminating: false }],
    [
      'null members',
      { ready: null, serving: null, terminating: null },
      { ready: true, serving: true, terminating: false },
    ],
    ['not ready', { ready: false }, { ready: false, serving: true, terminating: false }],
    ['not serving', { serving: false }, { ready: true, serving: false, terminating: false }],
  ])('fills in conditions: %s', (_name, conditions, expected) => {
    const { object } = decode(sliceWith({ endpoints: [{ addresses: ['10.0.0.1'], conditions }] }));
    expect(object?.endpoints[0]).toMatchObject(expected);
  });

  it('leaves hints absent when there are none', () => {
    const endpoints = [
      { addresses: ['10.0.0.1'] },
      { addresses: ['10.0.0.2'], hints: null },
      { addresses: ['10.0.0.3'], hints: { forZones: [], forNodes: null } },
    ];
    for (const endpoint of decode(sliceWith({ endpoints })).object?.endpoints ?? []) {
      expect(Object.keys(endpoint)).not.toContain('zoneHints');
      expect(Object.keys(endpoint)).not.toContain('nodeHints');
    }
  });

  it('skips ports that have no name or no number, and takes an absent protocol as TCP', () => {
    const ports = [
      { name: null, port: 1 },
      { port: 2 },
      { name: '', port: 3 },
      { name: 'a', port: null },
      { name: 'b', port: 0 },
      { name: 'c', port: 6, protocol: null },
      { name: 'd', port: 7, protocol: 'DCCP' },
      { name: 'e', port: 8, protocol: 'SCTP' },
    ];
    const { object, warnings } = decode(sliceWith({ ports }));
    expect(object?.ports).toEqual([
      { name: '', port: 3, protocol: 'TCP' },
      { name: 'c', port: 6, protocol: 'TCP' },
      { name: 'e', port: 8, protocol: 'SCTP' },
    ]);
    expect(warnings.map((warning) => warning.field)).toEqual([
      'ports[0].name',
      'ports[1].name',
      'ports[3].port',
      'ports[4].port',
      'ports[6].protocol',
    ]);
  });

  it('uses addresses in unusual forms, and says so', () => {
    const { object, warnings } = decode(sliceWith({ endpoints: [{ addresses: ['010.1.0.5'] }] }));
    expect(object?.endpoints.map((endpoint) => endpoint.address)).toEqual(['10.1.0.5']);
    expect(warnings).toEqual([
      { field: 'endpoints[0].addresses[0]', problem: '"010.1.0.5" has leading zeros; read as 10.1.0.5' },
    ]);
  });

  it('skips endpoints without a usable first address', () => {
    const endpoints = [
      { addresses: [] },
      {},
      { addresses: ['bogus', '10.0.0.1'] },
      { addresses: ['fd00::1'] },
      { addresses: ['::ffff:10.0.0.4'] },
    ];
    const { object, warnings } = decode(sliceWith({ endpoints }));
    expect(object?.endpoints.map((endpoint) => endpoint.address)).toEqual(['10.0.0.4']);
    expect(warnings.map((warning) => warning.field)).toEqual([
      'endpoints[0].addresses',
      'endpoints[1].addresses',
      'endpoints[2].addresses[0]',
      'endpoints[3].addresses[0]',
      'endpoints[4].addresses[0]',
    ]);
  });

  it.each(['127.0.0.1', '169.254.1.1', '0.0.0.0', '224.0.0.1', '255.255.255.255'])(
    "leaves out an endpoint on %s, which can be nobody's",
    (address) => {
      const endpoints = [{ addresses: [address] }, { addresses: ['10.0.0.4'] }];
      const { object, warnings } = decode(sliceWith({ endpoints }));
      expect(object?.endpoints.map((endpoint) => endpoint.address)).toEqual(['10.0.0.4']);
      expect(warnings.map((warning) => warning.field)).toEqual(['endpoints[0].addresses[0]']);
    },
  );

  it('accepts null lists', () => {
    const { object, warnings } = decode(sliceWith({ ports: null, endpoints: null }));
    expect(object).toMatchObject({ ports: [], endpoints: [] });
    expect(warnings).toEqual([]);
  });

  it.each([
    ['of host names', sliceWith({ addressType: 'FQDN' }), 'addressType'],
    ['without its label', sliceWith({}, { labels: {} }), 'metadata.labels["kubernetes.io/service-name"]'],
    ['without labels', sliceWith({}, { labels: null }), 'metadata.labels["kubernetes.io/service-name"]'],
  ])('gives no object for a slice %s', (_name, value, field) => {
    const { object, warnings } = decode(value);
    expect(object).toBeUndefined();
    expect(warnings.map((warning) => warning.field)).toEqual([field]);
  });

  it('ignores a malformed trigger time with a warning', () => {
    const annotations = { 'endpoints.kubernetes.io/last-change-trigger-time': 'soon' };
    const { object, warnings } = decode(sliceWith({}, { annotations }));
    expect(object?.lastChangeTriggerTimeMs).toBe(0);
    expect(warnings).toHaveLength(1);
  });

  it.each<[string, unknown, string]>([
    ['addressType missing', sliceWith({ addressType: undefined }), 'addressType: is missing'],
    [
      'ready not a boolean',
      sliceWith({
        endpoints: [{ addresses: ['10.0.0.1'] }, { addresses: ['10.0.0.2'], conditions: { ready: 'yes' } }],
      }),
      'endpoints[1].conditions.ready: must be true or false, not "yes"',
    ],
    ['endpoint not an object', sliceWith({ endpoints: [7] }), 'endpoints[0]: must be an object, not 7'],
    [
      'port out of range',
      sliceWith({ ports: [{ name: 'a', port: 70_000 }] }),
      'ports[0].port: must be a whole number from 0 to 65535, not 70000',
    ],
    [
      'hint without shape',
      sliceWith({ endpoints: [{ addresses: ['10.0.0.1'], hints: { forZones: [{ name: 'a' }, 'b'] } }] }),
      'endpoints[0].hints.forZones[1]: must be an object, not "b"',
    ],
  ])('refuses %s', (_name, value, message) => {
    expect(() => decode(value)).toThrow(`EndpointSlice shop/web-x7: ${message}`);
  });
});
