import { describe, expect, it } from '@jest/globals';
import { discoveryDocument } from '../../../../support/api-server/discovery/discovery.ts';
import { openApiV2Document } from '../../../../support/api-server/discovery/openapi-v2.ts';
import { openApiV3Document } from '../../../../support/api-server/discovery/openapi-v3.ts';

describe('discovery', () => {
  it('says which version this is', () => {
    expect(discoveryDocument('/version', 'v1.36.2')).toMatchObject({ major: '1', minor: '36', gitVersion: 'v1.36.2' });
  });

  it('lists groups and their resources', () => {
    expect(discoveryDocument('/apis', 'v1.36.0')).toMatchObject({
      groups: [
        { name: 'apps' },
        { name: 'discovery.k8s.io' },
        { name: 'events.k8s.io' },
        { name: 'networking.k8s.io' },
      ],
    });
    expect(discoveryDocument('/apis/discovery.k8s.io', 'v1.36.0')).toMatchObject({
      kind: 'APIGroup',
      name: 'discovery.k8s.io',
    });
    const core = discoveryDocument('/api/v1', 'v1.36.0');
    const service = {
      name: 'services',
      singularName: 'service',
      shortNames: ['svc'],
      namespaced: true,
      kind: 'Service',
    };
    expect(core).toMatchObject({
      groupVersion: 'v1',
      resources: expect.arrayContaining([expect.objectContaining(service)]),
    });
  });

  it.each(['/apis/none', '/apis/apps/v2', '/api/v2', '/else'])('does not know %s', (path) => {
    expect(discoveryDocument(path, 'v1.36.0')).toBeUndefined();
  });
});

describe('OpenAPI', () => {
  it('has a patch operation with the parameters kubectl looks for', () => {
    expect(openApiV3Document('/openapi/v3')).toHaveProperty(['paths', 'apis/discovery.k8s.io/v1', 'serverRelativeURL']);
    const path = '/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices/{name}';
    expect(openApiV3Document('/openapi/v3/apis/discovery.k8s.io/v1')).toHaveProperty(
      ['paths', path, 'patch'],
      expect.objectContaining({
        'x-kubernetes-group-version-kind': { group: 'discovery.k8s.io', version: 'v1', kind: 'EndpointSlice' },
        parameters: expect.arrayContaining([expect.objectContaining({ name: 'fieldValidation' })]),
      }),
    );
    expect(openApiV3Document('/openapi/v3/apis/none/v1')).toBeUndefined();
  });

  it('says the same in protobuf for older versions', () => {
    const fields = topLevelFields(openApiV2Document());
    expect(fields.map(([number]) => number)).toEqual([1, 8]);
    const [, swagger] = fields[0] ?? [];
    expect(swagger?.toString()).toBe('2.0');
    const paths = topLevelFields(fields[1]?.[1] ?? Buffer.alloc(0)).map(([, item]) =>
      topLevelFields(item)[0]?.[1].toString(),
    );
    expect(paths).toContain('/api/v1/namespaces/{namespace}/services/{name}');
    expect(paths).toContain('/api/v1/nodes/{name}');
  });
});

/** Number and content of the length-delimited fields of a protobuf message. */
function topLevelFields(message: Buffer): [number, Buffer][] {
  const fields: [number, Buffer][] = [];
  let offset = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = message.readUInt8(offset++);
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (offset < message.length) {
    const tag = varint();
    expect(tag & 7).toBe(2);
    const length = varint();
    fields.push([tag >> 3, message.subarray(offset, offset + length)]);
    offset += length;
  }
  return fields;
}
