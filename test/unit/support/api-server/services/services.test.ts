import { describe, expect, it } from '@jest/globals';
import type { KubernetesObject, ObjectInput } from '../../../../support/api-server/objects/kubernetes-object.ts';
import { ObjectRegistry } from '../../../../support/api-server/objects/object-registry.ts';
import { ObjectStore } from '../../../../support/api-server/objects/object-store.ts';
import { ServiceAllocation } from '../../../../support/api-server/services/service-allocation.ts';
import type { ServicePort, ServiceSpec } from '../../../../support/api-server/services/service-object.ts';
import { serviceSpec } from '../../../../support/api-server/services/service-object.ts';
import { StoredObjects } from '../../../../support/api-server/stored-objects.ts';

const BOTH = ['10.96.0.0/16', 'fd00:10:96::/112'];

function objects(serviceCidrs = BOTH, nodePortRange = '30000-32767'): StoredObjects {
  const store = new ObjectStore(100);
  return new StoredObjects(store, new ObjectRegistry(store, new ServiceAllocation({ serviceCidrs, nodePortRange })));
}

function input(spec: ServiceSpec, name = 'web'): ObjectInput {
  return { kind: 'Service', metadata: { name, namespace: 'demo' }, spec: { ports: [{ port: 80 }], ...spec } };
}

function specOf(object: KubernetesObject | undefined): ServiceSpec {
  if (object === undefined) throw new Error('no object');
  return serviceSpec(object);
}

function applied(spec: ServiceSpec, stored = objects()): ServiceSpec {
  return specOf(stored.apply(input(spec)));
}

describe('defaults of a Service', () => {
  it('completes the smallest one', () => {
    expect(applied({})).toEqual({
      type: 'ClusterIP',
      sessionAffinity: 'None',
      internalTrafficPolicy: 'Cluster',
      ipFamilyPolicy: 'SingleStack',
      ipFamilies: ['IPv4'],
      clusterIP: '10.96.1.1',
      clusterIPs: ['10.96.1.1'],
      ports: [{ port: 80, targetPort: 80, protocol: 'TCP' }],
    });
  });

  it('lets client affinity last three hours', () => {
    expect(applied({ sessionAffinity: 'ClientIP' }).sessionAffinityConfig).toEqual({
      clientIP: { timeoutSeconds: 10_800 },
    });
  });

  it('gives node ports to NodePort, and a health check port to LoadBalancer with policy Local', () => {
    expect(applied({ type: 'NodePort' })).toMatchObject({
      externalTrafficPolicy: 'Cluster',
      ports: [{ nodePort: 30_086 }],
    });
    const balanced = applied({ type: 'LoadBalancer', externalTrafficPolicy: 'Local' });
    expect(balanced).toMatchObject({
      allocateLoadBalancerNodePorts: true,
      healthCheckNodePort: 30_087,
      ports: [{ nodePort: 30_086 }],
    });
    expect(applied({ type: 'LoadBalancer' })).not.toHaveProperty('healthCheckNodePort');
  });

  it('gives no node ports when they are not wanted', () => {
    const spec = applied({ type: 'LoadBalancer', allocateLoadBalancerNodePorts: false });
    expect(spec.ports?.[0]).not.toHaveProperty('nodePort');
  });

  it('gives the external policy to Services with external addresses', () => {
    expect(applied({ externalIPs: ['192.0.2.1'] }).externalTrafficPolicy).toBe('Cluster');
  });

  it('gives twin ports of two protocols the same node port', () => {
    const ports = [
      { name: 'udp', port: 53, protocol: 'UDP' },
      { name: 'tcp', port: 53 },
      { name: 'other', port: 54 },
    ];
    expect(applied({ type: 'NodePort', ports }).ports?.map((port) => port.nodePort)).toEqual([30_086, 30_086, 30_087]);
  });

  it('leaves an ExternalName without addresses', () => {
    const spec = applied({ type: 'ExternalName', externalName: 'example.com', ports: [] });
    expect(spec).toEqual({ type: 'ExternalName', externalName: 'example.com', sessionAffinity: 'None', ports: [] });
  });
});

describe('address families of a Service', () => {
  it.each<[string, ServiceSpec, readonly string[], readonly string[]]>([
    ['SingleStack by default', {}, ['IPv4'], BOTH],
    ['the asked family', { ipFamilies: ['IPv6'] }, ['IPv6'], BOTH],
    ['both when preferred', { ipFamilyPolicy: 'PreferDualStack' }, ['IPv4', 'IPv6'], BOTH],
    ['both, asked one first', { ipFamilyPolicy: 'PreferDualStack', ipFamilies: ['IPv6'] }, ['IPv6', 'IPv4'], BOTH],
    ['both when required', { ipFamilyPolicy: 'RequireDualStack' }, ['IPv4', 'IPv6'], BOTH],
    ['one when preferred but there is one only', { ipFamilyPolicy: 'PreferDualStack' }, ['IPv6'], ['fd00::/112']],
    ['the family of the asked address', { clusterIP: 'fd00:10:96::9' }, ['IPv6'], BOTH],
    ['both for headless without selector', { clusterIP: 'None' }, ['IPv4', 'IPv6'], BOTH],
    ['one for headless with selector', { clusterIP: 'None', selector: { app: 'web' } }, ['IPv4'], BOTH],
  ])('%s', (_name, spec, families, cidrs) => {
    expect(applied(spec, objects([...cidrs])).ipFamilies).toEqual(families);
  });

  it('allocates one address per family', () => {
    expect(applied({ ipFamilyPolicy: 'RequireDualStack' }).clusterIPs).toEqual(['10.96.1.1', 'fd00:10:96::101']);
  });

  it('adds and drops the second family on update', () => {
    const stored = objects();
    stored.apply(input({}));
    const dual = specOf(stored.patch('services', 'demo/web', { spec: { ipFamilyPolicy: 'PreferDualStack' } }));
    expect(dual.clusterIPs).toEqual(['10.96.1.1', 'fd00:10:96::101']);
    const single = specOf(stored.patch('services', 'demo/web', { spec: { ipFamilyPolicy: 'SingleStack' } }));
    expect(single).toMatchObject({ clusterIPs: ['10.96.1.1'], ipFamilies: ['IPv4'] });
  });
});

describe('allocation for Services', () => {
  it('keeps what an update leaves out', () => {
    const stored = objects();
    const before = applied({ type: 'NodePort' }, stored);
    const after = applied({ type: 'NodePort', sessionAffinity: 'ClientIP' }, stored);
    expect(after.clusterIP).toBe(before.clusterIP);
    expect(after.ports).toEqual(before.ports);
  });

  it('gives addresses and ports back', () => {
    const stored = objects(['10.96.0.0/29'], '30000-30000');
    for (let round = 0; round < 10; round += 1) {
      expect(applied({ type: 'NodePort' }, stored).ports?.[0]?.nodePort).toBe(30_000);
      stored.delete('services', 'demo/web');
    }
  });

  it('gives node ports back when the type changes', () => {
    const stored = objects(BOTH, '30000-30000');
    const nodePort = applied({ type: 'NodePort' }, stored);
    const spec = { ...nodePort, type: 'ClusterIP' };
    expect(applied(spec, stored)).not.toHaveProperty('externalTrafficPolicy');
    expect(specOf(stored.get('services', 'demo/web')).ports?.[0]).not.toHaveProperty('nodePort');
    expect(specOf(stored.apply(input({ type: 'NodePort' }, 'second'))).ports?.[0]?.nodePort).toBe(30_000);
  });

  it('does not take anything for a refused object', () => {
    const stored = objects(BOTH, '30000-30000');
    expect(() => stored.apply(input({ type: 'NodePort', clusterIP: '10.1.1.1' }))).toThrow('not in the valid range');
    expect(applied({ type: 'NodePort' }, stored).ports?.[0]?.nodePort).toBe(30_000);
  });

  it('says when nothing is left', () => {
    const stored = objects(BOTH, '30000-30000');
    applied({ type: 'NodePort' }, stored);
    expect(() => stored.apply(input({ type: 'NodePort' }, 'second'))).toThrow('range is full');
  });
});

describe('validation of Services', () => {
  const port = (fields: Partial<ServicePort>): ServiceSpec => ({ ports: [{ port: 80, ...fields }] });
  const named = (first: Partial<ServicePort>, second: Partial<ServicePort>): ServiceSpec => ({
    ports: [
      { name: 'a', port: 80, ...first },
      { name: 'b', port: 81, ...second },
    ],
  });

  it.each<[string, ServiceSpec]>([
    ['spec.ports: Required value', { ports: [] }],
    ['spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive', port({ port: 0 })],
    ['spec.ports[0].port: Invalid value: 65536: must be between 1 and 65535, inclusive', port({ port: 65_536 })],
    ['spec.ports[0].targetPort: Invalid value: 70000: must be between', port({ targetPort: 70_000 })],
    ['spec.ports[0].targetPort: Invalid value: "Not_A_Name": must contain only', port({ targetPort: 'Not_A_Name' })],
    [
      'spec.ports[0].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"',
      port({ protocol: 'ICMP' }),
    ],
    ["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'", port({ nodePort: 30_000 })],
    ['spec.ports[1].name: Required value', named({}, { name: '' })],
    ['spec.ports[1].name: Duplicate value: "a"', named({}, { name: 'a' })],
    ['spec.ports[1]: Duplicate value: {"protocol":"TCP","port":80}', named({}, { port: 80 })],
    [
      'provided port is not in the valid range. The range of valid ports is 30000-32767',
      { type: 'NodePort', ...port({ nodePort: 80 }) },
    ],
    ['spec.type: Unsupported value: "Internal"', { type: 'Internal' }],
    [
      'spec.sessionAffinity: Unsupported value: "Cookie": supported values: "ClientIP", "None"',
      { sessionAffinity: 'Cookie' },
    ],
    [
      'spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 86401: must be greater than 0 and less than 86400',
      { sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 86_401 } } },
    ],
    ['spec.externalIPs[0]: Invalid value: "x": must be a valid IP address', { externalIPs: ['x'] }],
    [
      'spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range',
      { externalIPs: ['127.0.0.1'] },
    ],
    [
      'spec.loadBalancerSourceRanges[0]: Invalid value: "10.0.0.0": must be a valid CIDR',
      { loadBalancerSourceRanges: ['10.0.0.0'] },
    ],
    [
      'spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible',
      { externalTrafficPolicy: 'Local' },
    ],
    ['spec.externalTrafficPolicy: Unsupported value: "Node"', { type: 'NodePort', externalTrafficPolicy: 'Node' }],
    ['spec.internalTrafficPolicy: Unsupported value: "Node"', { internalTrafficPolicy: 'Node' }],
    ['spec.healthCheckNodePort: Invalid value: 30000: may only be set when', { healthCheckNodePort: 30_000 }],
    ['spec.trafficDistribution: Unsupported value: "Far"', { trafficDistribution: 'Far' }],
    ['spec.externalName: Required value', { type: 'ExternalName' }],
    [
      'spec.clusterIPs[0]: Invalid value: "None": may not be set to \'None\' for NodePort services',
      { type: 'NodePort', clusterIP: 'None' },
    ],
    ['spec.clusterIPs[0]: Invalid value: "x": must be a valid IP address', { clusterIP: 'x' }],
    [
      'spec.clusterIPs: Invalid value: ["10.0.0.1"]: failed to allocate IP 10.0.0.1: provided IP is not in the valid range',
      { clusterIP: '10.0.0.1' },
    ],
  ])('refuses: %s', (message, spec) => {
    expect(() => applied(spec)).toThrow(expect.objectContaining({ code: 422, reason: 'Invalid' }));
    expect(() => applied(spec)).toThrow(message);
  });

  it('lists several findings in brackets, with their causes', () => {
    const spec = { type: 'X', sessionAffinity: 'Y' };
    expect(() => applied(spec)).toThrow(/^Service "web" is invalid: \[spec\.sessionAffinity: .*, spec\.type: .*\]$/);
    const fields = ['spec.sessionAffinity', 'spec.type'].map((field) => expect.objectContaining({ field }));
    const details = expect.objectContaining({ causes: fields });
    expect(() => applied(spec)).toThrow(expect.objectContaining({ details }));
  });

  it.each<[string, readonly string[], ServiceSpec]>([
    [
      'spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster',
      ['10.96.0.0/16'],
      { ipFamilies: ['IPv6'] },
    ],
    [
      'this cluster is not configured for dual-stack services',
      ['10.96.0.0/16'],
      { ipFamilyPolicy: 'RequireDualStack' },
    ],
    [
      "must be RequireDualStack or PreferDualStack when multiple 'ipFamilies'",
      BOTH,
      { ipFamilyPolicy: 'SingleStack', ipFamilies: ['IPv4', 'IPv6'] },
    ],
  ])('refuses families: %s', (message, cidrs, spec) => {
    expect(() => applied(spec, objects([...cidrs]))).toThrow(message);
  });

  it('refuses addresses and ports that another Service has', () => {
    const stored = objects();
    stored.apply(input({ type: 'NodePort', clusterIP: '10.96.0.10', ports: [{ port: 80, nodePort: 30_010 }] }));
    expect(() => stored.apply(input({ clusterIP: '10.96.0.10' }, 'second'))).toThrow(
      'provided IP is already allocated',
    );
    const spec = { type: 'NodePort', ports: [{ port: 80, nodePort: 30_010 }] };
    expect(() => stored.apply(input(spec, 'second'))).toThrow(
      'spec.ports[0].nodePort: Invalid value: 30010: provided port is already allocated',
    );
  });

  it('refuses to change the cluster IP and the health check port', () => {
    const stored = objects();
    stored.apply(input({ type: 'LoadBalancer', externalTrafficPolicy: 'Local' }));
    const patch = (spec: ServiceSpec) => () => stored.patch('services', 'demo/web', { spec });
    expect(patch({ clusterIP: '10.96.0.77', clusterIPs: ['10.96.0.77'] })).toThrow('may not change once set');
    expect(patch({ healthCheckNodePort: 31_999 })).toThrow(
      'spec.healthCheckNodePort: Invalid value: 31999: field is immutable',
    );
  });

  it('refuses bad names', () => {
    expect(() => objects().apply(input({}, '9web'))).toThrow('a DNS-1035 label must consist of');
    expect(() => objects().apply(input({}, ''))).toThrow('metadata.name: Required value');
  });
});
