import { describe, expect, it } from '@jest/globals';
import { parseManifestText } from '../../../../src/kubernetes/watch/manifest-text.ts';

const kindsOf = (text: string) =>
  parseManifestText('m.yaml', text).map(({ kind, apiVersion }) => `${apiVersion}:${kind}`);

const tenTimes = (text: string): string => Array.from({ length: 10 }, () => text).join(',');

describe('parseManifestText', () => {
  it.each<[string, string, readonly string[]]>([
    ['nothing', '', []],
    ['a comment', '# nothing here\n', []],
    ['a document', 'apiVersion: v1\nkind: Service\n', ['v1:Service']],
    ['documents, some of them empty', 'kind: A\n---\n---\nkind: B\n---\n', [':A', ':B']],
    [
      'a list as kubectl prints it',
      'apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Service\n- apiVersion: v1\n  kind: Node\n',
      ['v1:Service', 'v1:Node'],
    ],
    ['an empty list', 'apiVersion: v1\nkind: List\nitems: []\n', []],
    [
      'a list of one kind, as the API gives it',
      '{"kind":"ServiceList","apiVersion":"v1","items":[{"metadata":{}}]}',
      [':Service'],
    ],
    ['JSON', '{"kind":"Service","apiVersion":"v1"}', ['v1:Service']],
    ['a YAML flow mapping', '{kind: Service, apiVersion: v1}', ['v1:Service']],
    ['lists in lists', 'kind: List\nitems:\n- kind: List\n  items:\n  - kind: A\n', [':A']],
  ])('reads %s', (_name, text, expected) => {
    expect(kindsOf(text)).toEqual(expected);
  });

  const yaml = `# comment
apiVersion: v1
kind: List
items:
- kind: Service
  metadata:
    name: web
    labels:
      a.b/c: x
  spec:
    ports:
    - port: 80
    - port: "81"
---
kind: Node
metadata:
  name: n1
`;
  it.each([
    [0, 'spec.ports[1].port', 'm.yaml:13:13'],
    [0, 'spec.ports[1].protocol', 'm.yaml:13:7'],
    [0, 'spec.type', 'm.yaml:11:5'],
    [0, 'metadata.labels["a.b/c"]', 'm.yaml:9:14'],
    [0, '(object)', 'm.yaml:5:3'],
    [1, 'metadata.name', 'm.yaml:17:9'],
  ])('finds in item %d the place of %s', (item, field, expected) => {
    expect(parseManifestText('m.yaml', yaml)[item]?.place(field)).toBe(expected);
  });

  it('finds places in JSON and behind aliases', () => {
    const json = '{\n "kind": "Service",\n "spec": {\n  "ports": [{"port": "x"}]\n }\n}';
    expect(parseManifestText('m.json', json)[0]?.place('spec.ports[0].port')).toBe('m.json:4:22');
    const aliased = 'kind: A\nx: &x\n  port: 1\ny: *x\n';
    expect(parseManifestText('m.yaml', aliased)[0]?.place('y.port')).toBe('m.yaml:3:9');
  });

  it('names the path instead of the place in very long JSON', () => {
    const json = JSON.stringify({ kind: 'List', items: [{ kind: 'A', x: 'x'.repeat(5_000_000) }] });
    expect(parseManifestText('m.json', json)[0]?.place('x')).toBe('m.json: items.0.x');
  });

  it.each([
    ['broken YAML', 'kind: A\n  b: c\n', /^m\.yaml:1:7: /],
    ['broken JSON', '{"kind": "A",\n "b": ]}', /^m\.yaml:2:7: /],
    ['a key twice', 'kind: A\nkind: B\n', /^m\.yaml:2:1: .*unique/],
    ['a text', 'hello', /^m\.yaml:1:1: is not a Kubernetes object$/],
    ['a JSON list', '[1]', /^m\.yaml:1:1: is not a Kubernetes object$/],
    ['an item that is no object', 'kind: List\nitems:\n- 7\n', /^m\.yaml:3:3: is not a Kubernetes object$/],
    ['no kind', '---\na: b\n', /^m\.yaml:2:1: kind: is missing$/],
    [
      'an alias bomb',
      `a: &a [${tenTimes('x')}]\nb: &b [${tenTimes('*a')}]\nc: &c [${tenTimes('*b')}]\nkind: A\nd: [${tenTimes('*c')}]`,
      /alias/,
    ],
  ])('refuses %s with its place', (_name, text, expected) => {
    expect(() => parseManifestText('m.yaml', text)).toThrow(expected);
    expect(() => parseManifestText('m.yaml', text)).toThrow(expect.objectContaining({ code: 'MANIFEST' }));
  });
});
