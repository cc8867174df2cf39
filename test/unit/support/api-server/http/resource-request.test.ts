import { describe, expect, it } from '@jest/globals';
import { parseResourceRequest } from '../../../../support/api-server/http/resource-request.ts';

function parse(method: string, path: string): string | undefined {
  const found = parseResourceRequest(method, new URL(path, 'http://localhost'));
  if (found === undefined) return undefined;
  const { verb, resource, namespace, name, subresource } = found;
  return [verb, resource.apiVersion, resource.plural, namespace ?? '-', name ?? '-', subresource ?? '-'].join(' ');
}

describe('parseResourceRequest', () => {
  it.each([
    ['GET', '/api/v1/services', 'list v1 services - - -'],
    ['GET', '/api/v1/services?watch=true', 'watch v1 services - - -'],
    ['GET', '/api/v1/services?watch=1', 'watch v1 services - - -'],
    ['GET', '/api/v1/services?watch=false', 'list v1 services - - -'],
    ['GET', '/api/v1/namespaces/demo/services/web', 'get v1 services demo web -'],
    ['PUT', '/api/v1/namespaces/demo/services/web/status', 'update v1 services demo web status'],
    ['GET', '/api/v1/namespaces', 'list v1 namespaces - - -'],
    ['GET', '/api/v1/namespaces/demo', 'get v1 namespaces - demo -'],
    ['PUT', '/api/v1/namespaces/demo/status', 'update v1 namespaces - demo status'],
    [
      'POST',
      '/apis/discovery.k8s.io/v1/namespaces/demo/endpointslices',
      'create discovery.k8s.io/v1 endpointslices demo - -',
    ],
    ['DELETE', '/api/v1/namespaces/demo/configmaps', 'deletecollection v1 configmaps demo - -'],
    ['DELETE', '/api/v1/nodes/n1', 'delete v1 nodes - n1 -'],
    [
      'PATCH',
      '/apis/networking.k8s.io/v1/servicecidrs/kubernetes',
      'patch networking.k8s.io/v1 servicecidrs - kubernetes -',
    ],
    ['GET', '/api/v1/secrets', undefined],
    ['GET', '/apis/discovery.k8s.io/v1beta1/endpointslices', undefined],
    ['GET', '/apis/discovery.k8s.io/v1', undefined],
    ['GET', '/api/v1/namespaces/demo/nodes', undefined],
    ['GET', '/api/v1/namespaces/demo/configmaps/a/status', undefined],
    ['POST', '/api/v1/nodes/n1', undefined],
    ['OPTIONS', '/api/v1/nodes', undefined],
    ['GET', '/', undefined],
  ])('%s %s', (method, path, expected) => {
    expect(parse(method, path)).toBe(expected);
  });
});
