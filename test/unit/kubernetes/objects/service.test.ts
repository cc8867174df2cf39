import { describe, expect, it } from '@jest/globals';
import { createDecoder } from '../../../../src/kubernetes/objects/decoder.ts';
import { DecodeError } from '../../../../src/kubernetes/errors.ts';

function serviceWith(spec: object, rest: object = {}): unknown {
  return {
    metadata: { namespace: 'shop', name: 'web', uid: 'u-1', creationTimestamp: '2024-01-01T00:00:00Z' },
    spec: { clusterIP: '10.96.0.10', clusterIPs: ['10.96.0.10'], ipFamilies: ['IPv4'], ports: [], ...spec },
    ...rest,
  };
}

function decode(value: unknown) {
  const { object, warnings } = createDecoder().service(value);
  if (object === undefined) throw new Error('a Service always gives an object');
  return { service: object, warnings };
}

function failureOf(value: unknown): DecodeError {
  try {
    createDecoder().service(value);
  } catch (error) {
    if (error instanceof DecodeError) return error;
    throw error;
  }
  throw new Error('expected a DecodeError');
}

describe('decodeService', () => {
  it('reads every field it uses', () => {
    const { service, warnings } = decode(
      serviceWith(
        {
          type: 'LoadBalancer',
          clusterIPs: ['10.96.0.10', 'fd00::a'],
          ipFamilies: ['IPv4', 'IPv6'],
          ports: [
            { name: 'http', port: 80, targetPort: 8080, nodePort: 30080, protocol: 'TCP', appProtocol: 'http' },
            { name: 'dns', port: 53, protocol: 'UDP' },
          ],
          sessionAffinity: 'ClientIP',
          sessionAffinityConfig: { clientIP: { timeoutSeconds: 600 } },
          externalIPs: ['192.0.2.1'],
          loadBalancerSourceRanges: [' 198.51.100.7/24 '],
          internalTrafficPolicy: 'Local',
          externalTrafficPolicy: 'Local',
          healthCheckNodePort: 32000,
        },
        { status: { loadBalancer: { ingress: [{ ip: '203.0.113.5', ipMode: 'VIP' }] } } },
      ),
    );
    expect(warnings).toEqual([]);
    expect(service).toEqual({
      key: 'shop/web',
      namespace: 'shop',
      name: 'web',
      uid: 'u-1',
      creationTimeMs: 1704067200000,
      type: 'LoadBalancer',
      clusterIps: ['10.96.0.10', 'fd00::a'],
      ports: [
        { name: 'http', port: 80, nodePort: 30080, protocol: 'TCP' },
        { name: 'dns', port: 53, nodePort: 0, protocol: 'UDP' },
      ],
      affinityTimeoutSeconds: 600,
      externalIps: ['192.0.2.1'],
      loadBalancerIps: ['203.0.113.5'],
      loadBalancerSourceRanges: ['198.51.100.0/24'],
      internalTrafficPolicy: 'Local',
      externalTrafficPolicy: 'Local',
      healthCheckNodePort: 32000,
    });
  });

  it('fills in the defaults of the API', () => {
    const { service } = decode({ metadata: { namespace: 'a', name: 'b' }, spec: { ports: [{ port: 80 }] } });
    expect(service).toMatchObject({
      uid: '',
      creationTimeMs: 0,
      type: 'ClusterIP',
      clusterIps: [],
      ports: [{ name: '', protocol: 'TCP', port: 80, nodePort: 0 }],
      affinityTimeoutSeconds: 0,
      externalIps: [],
      loadBalancerIps: [],
      loadBalancerSourceRanges: [],
      internalTrafficPolicy: 'Cluster',
      externalTrafficPolicy: 'Cluster',
      healthCheckNodePort: 0,
    });
  });

  it.each([
    ['headless', { clusterIP: 'None', clusterIPs: ['None'] }, []],
    ['blank', { clusterIP: '' }, []],
    ['of type ExternalName, whatever its cluster IP', { type: 'ExternalName' }, []],
    [
      'IPv6 first',
      { clusterIP: 'FD00:0::A', clusterIPs: ['FD00:0::A', '10.0.0.1'], ipFamilies: ['IPv6', 'IPv4'] },
      ['fd00::a', '10.0.0.1'],
    ],
    ['with more addresses than families', { clusterIPs: ['10.0.0.1', 'fd00::1'], ipFamilies: ['IPv4'] }, ['10.0.0.1']],
    ['with more families than addresses', { clusterIPs: ['10.0.0.1'], ipFamilies: ['IPv4', 'IPv6'] }, ['10.0.0.1']],
    ['written before dual stack', { clusterIP: 'fd00::1', clusterIPs: undefined, ipFamilies: [] }, ['fd00::1']],
    ['without clusterIPs', { clusterIP: '10.0.0.9', clusterIPs: null }, ['10.0.0.9']],
    ['with leading zeros', { clusterIPs: ['010.000.0.010'] }, ['10.0.0.10']],
    ['with an IPv4-mapped address', { clusterIPs: ['::ffff:10.0.0.1'] }, ['10.0.0.1']],
  ])('knows the cluster IPs of a Service %s', (_name, spec, expected) => {
    expect(decode(serviceWith(spec)).service.clusterIps).toEqual(expected);
  });

  it.each([
    ['no affinity', { sessionAffinity: 'None', sessionAffinityConfig: { clientIP: { timeoutSeconds: 5 } } }, 0],
    ['no config', { sessionAffinity: 'ClientIP' }, 10_800],
    ['no timeout', { sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: {} } }, 10_800],
    ['shortest', { sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 1 } } }, 1],
    [
      'longest',
      { sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 86_400 } } },
      86_400,
    ],
  ])('reads the affinity timeout: %s', (_name, spec, expected) => {
    expect(decode(serviceWith(spec)).service.affinityTimeoutSeconds).toBe(expected);
  });

  it('uses the load-balancer addresses that are virtual IPs, of any Service type', () => {
    const ingress = [
      { ip: '192.0.2.1' },
      { ip: '192.0.2.2', ipMode: 'Proxy' },
      { hostname: 'lb.example' },
      { ip: '2001:DB8::1', ipMode: 'VIP', ports: [{ port: 80, protocol: 'TCP' }] },
    ];
    const { service, warnings } = decode(serviceWith({}, { status: { loadBalancer: { ingress } } }));
    expect(service.loadBalancerIps).toEqual(['192.0.2.1', '2001:db8::1']);
    expect(warnings).toEqual([]);
  });

  it('skips bad entries of address lists with a warning, and blank ones silently', () => {
    const { service, warnings } = decode(
      serviceWith(
        {
          externalIPs: ['192.0.2.1', '', 'nonsense', ' 192.0.2.2', '::1%eth0'],
          loadBalancerSourceRanges: ['10.0.0.0/8', ' ', '10.0.0.0/33', '0.0.0.0/0', '::/0'],
        },
        { status: { loadBalancer: { ingress: [{ ip: '1.2.3' }] } } },
      ),
    );
    expect(service.externalIps).toEqual(['192.0.2.1']);
    expect(service.loadBalancerSourceRanges).toEqual(['10.0.0.0/8', '0.0.0.0/0', '::/0']);
    expect(warnings.map((warning) => warning.field)).toEqual([
      'spec.externalIPs[2]',
      'spec.externalIPs[3]',
      'spec.externalIPs[4]',
      'status.loadBalancer.ingress[0].ip',
      'spec.loadBalancerSourceRanges[2]',
    ]);
    expect(warnings[0]?.problem).toBe('"nonsense" is not a valid IP address; skipped');
  });

  it('takes words of a newer API as the default and says so', () => {
    const { service, warnings } = decode(
      serviceWith({
        type: 'Mesh',
        internalTrafficPolicy: 'Zone',
        sessionAffinity: 'Cookie',
        ports: [{ port: 80 }, { port: 81, protocol: 'QUIC' }],
      }),
    );
    expect(service).toMatchObject({ type: 'ClusterIP', internalTrafficPolicy: 'Cluster', affinityTimeoutSeconds: 0 });
    expect(service.ports.map((port) => port.port)).toEqual([80]);
    expect(warnings.map((warning) => warning.field).toSorted()).toEqual([
      'spec.internalTrafficPolicy',
      'spec.ports[1].protocol',
      'spec.sessionAffinity',
      'spec.type',
    ]);
  });

  it.each<[string, unknown, string, string]>([
    ['not an object', 'x', '?', '(object): must be an object, not "x"'],
    ['a list', [], '?', '(object): must be an object, not a list'],
    ['without metadata', {}, '?', 'metadata: is missing'],
    ['without a name', { metadata: { namespace: 'a' } }, '?', 'metadata.name: is missing'],
    ['without a namespace', { metadata: { name: 'b' } }, 'b', 'metadata.namespace: is missing'],
    [
      'a slash in the name',
      { metadata: { namespace: 'a', name: 'b/c' } },
      '?',
      'metadata.name: must not contain a slash, not "b/c"',
    ],
    ['without a spec', { metadata: { namespace: 'a', name: 'b' } }, 'a/b', 'spec: is missing'],
    [
      'port of the wrong type',
      serviceWith({ ports: [{ port: 1 }, { port: '80' }] }),
      'shop/web',
      'spec.ports[1].port: must be a number, not "80"',
    ],
    ['no port', serviceWith({ ports: [{}] }), 'shop/web', 'spec.ports[0].port: is missing'],
    [
      'port too large',
      serviceWith({ ports: [{ port: 65_536 }] }),
      'shop/web',
      'spec.ports[0].port: must be a whole number from 1 to 65535, not 65536',
    ],
    [
      'port 0',
      serviceWith({ ports: [{ port: 0 }] }),
      'shop/web',
      'spec.ports[0].port: must be a whole number from 1 to 65535, not 0',
    ],
    ['ports not a list', serviceWith({ ports: {} }), 'shop/web', 'spec.ports: must be a list, not an object'],
    [
      'bad cluster IP',
      serviceWith({ clusterIPs: ['10.0.0.256'] }),
      'shop/web',
      'spec.clusterIPs[0]: "10.0.0.256" is not an IP address',
    ],
    [
      'cluster IP of the other family',
      serviceWith({ ipFamilies: ['IPv6'] }),
      'shop/web',
      'spec.clusterIPs[0]: 10.96.0.10 is not of family "IPv6"',
    ],
    [
      'affinity timeout 0',
      serviceWith({ sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 0 } } }),
      'shop/web',
      'spec.sessionAffinityConfig.clientIP.timeoutSeconds: must be a whole number from 1 to 86400, not 0',
    ],
  ])('refuses a Service that is %s', (_name, value, object, message) => {
    const failure = failureOf(value);
    expect(failure.code).toBe('DECODE_FAILED');
    expect(failure.object).toBe(object);
    expect(failure.message).toBe(`Service ${object}: ${message}`);
  });
});
