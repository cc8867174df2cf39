import { describe, expect, it } from '@jest/globals';
import { createDecoder } from '../../../../src/kubernetes/objects/decoder.ts';
import type { ManifestContent } from '../../../../src/kubernetes/watch/manifest-content.ts';
import { emptyContent, readManifest } from '../../../../src/kubernetes/watch/manifest-content.ts';

const read = (text: string, previous: ManifestContent = emptyContent) =>
  readManifest({ file: 'm.yaml', text, decoder: createDecoder(), previous });

const service = (name: string, port: string) =>
  `---
apiVersion: v1
kind: Service
metadata: {namespace: a, name: ${name}}
spec:
  clusterIP: 10.0.0.1
  ports:
  - port: ${port}
`;
const slice = `---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {namespace: a, name: web-1, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: '', port: 80}]
endpoints: [{addresses: [10.1.0.1]}]
`;

describe('readManifest', () => {
  it('reads Services, EndpointSlices and Nodes, and leaves out other kinds and APIs', () => {
    const { content, errors, warnings } = read(
      `${service('web', '80')}${slice}
---
apiVersion: v1
kind: Node
metadata: {name: n1}
---
apiVersion: v1
kind: ConfigMap
metadata: {namespace: a, name: c}
---
apiVersion: serving.knative.dev/v1
kind: Service
metadata: {namespace: a, name: other}
---
apiVersion: discovery.k8s.io/v1beta1
kind: EndpointSlice
metadata: {namespace: a, name: other}
`,
    );
    expect([...content.services.keys()]).toEqual(['a/web']);
    expect([...content.slices.keys()]).toEqual(['a/web-1']);
    expect([...content.nodes.keys()]).toEqual(['n1']);
    expect([errors, warnings]).toEqual([[], []]);
  });

  it.each(['', 'namespace: null, ', "namespace: '', "])(
    'puts an object with %j into namespace default',
    (namespace) => {
      const nowhere = (text: string) => text.replace('namespace: a, ', namespace);
      const { content, errors } = read(nowhere(service('web', '80')) + nowhere(slice));
      expect(errors).toEqual([]);
      expect([...content.services.keys(), ...content.slices.keys()]).toEqual(['default/web', 'default/web-1']);
      expect([...content.slices.values()][0]?.service).toBe('default/web');
    },
  );

  it('gives no namespace to a Node', () => {
    const { content } = read('apiVersion: v1\nkind: Node\nmetadata: {name: n1}\n');
    expect([...content.nodes.keys()]).toEqual(['n1']);
  });

  it('names the place of what is wrong in an object without a namespace', () => {
    const { errors } = read(service('bad', '"80"').replace('namespace: a, ', ''));
    expect(errors.map((error) => error.message)).toEqual([
      'm.yaml:8:11: Service default/bad: spec.ports[0].port: must be a number, not "80"',
    ]);
  });

  it('leaves out what the API server would: Services of other proxies and slices of headless ones', () => {
    const labelled = (text: string, label: string) =>
      text.replace(/labels: \{|name: web\}/, (match) =>
        match.startsWith('labels') ? `labels: {${label}: x, ` : `name: web, labels: {${label}: x}}`,
      );
    const { content } = read(
      labelled(service('web', '80'), 'service.kubernetes.io/service-proxy-name') +
        labelled(slice, 'service.kubernetes.io/headless'),
    );
    expect(content).toEqual(emptyContent);
  });

  it('names file, line, column, object and field of what cannot be used, and goes on with the rest', () => {
    const { content, errors } = read(service('bad', '"80"') + service('good', '80'));
    expect(errors.map((error) => error.message)).toEqual([
      'm.yaml:8:11: Service a/bad: spec.ports[0].port: must be a number, not "80"',
    ]);
    expect([...content.services.keys()]).toEqual(['a/good']);
  });

  it('keeps an object that cannot be used as it was', () => {
    const before = read(service('web', '80'));
    const { content, errors } = read(service('web', '99999'), before.content);
    expect(errors).toHaveLength(1);
    expect(content.services.get('a/web' as never)?.ports[0]?.port).toBe(80);
  });

  it('tells what was ignored, with its place', () => {
    const text = service('web', '80').replace('spec:', 'spec:\n  externalIPs: [nonsense]');
    expect(read(text).warnings).toEqual([
      'm.yaml:6:17: Service a/web: spec.externalIPs[0]: "nonsense" is not a valid IP address; skipped',
    ]);
  });

  it('lets the last of two objects with one name win, and says so', () => {
    const { content, warnings } = read(service('web', '80') + service('web', '81'));
    expect(content.services.get('a/web' as never)?.ports[0]?.port).toBe(81);
    expect(warnings).toEqual(['m.yaml:10:1: Service a/web: is in this file more than once']);
  });
});
