import { describe, expect, it } from '@jest/globals';
import type { SliceEndpoint, SlicePort } from '../../../support/endpoint-controller/endpoint-of-pod.ts';
import type { SliceContent } from '../../../support/endpoint-controller/pack-slices.ts';
import { packSlices, portKey } from '../../../support/endpoint-controller/pack-slices.ts';

const HTTP: readonly SlicePort[] = [{ name: 'http', protocol: 'TCP', port: 80 }];
const OTHER: readonly SlicePort[] = [{ name: 'http', protocol: 'TCP', port: 81 }];

function endpoint(uid: string, ready = true): SliceEndpoint {
  const conditions = { ready, serving: ready, terminating: false };
  return { addresses: ['10.0.0.1'], conditions, targetRef: { kind: 'Pod', namespace: 'a', name: uid, uid } };
}

function endpoints(uids: string): SliceEndpoint[] {
  return uids.split('').map((uid) => endpoint(uid));
}

function slice(name: string | undefined, uids: string, ports = HTTP): SliceContent {
  return { name, addressType: 'IPv4', ports, endpoints: endpoints(uids) };
}

function pack(wanted: string, existing: readonly SliceContent[], ports = HTTP): string[] {
  const groups = wanted === '' ? [] : [{ ports, endpoints: endpoints(wanted) }];
  const packed = packSlices('IPv4', groups, existing, 3);
  return packed.map(
    ({ name, endpoints: list }) => `${name ?? 'new'}:${list.map((each) => each.targetRef.uid).join('')}`,
  );
}

describe('packSlices', () => {
  it.each<[string, string, readonly SliceContent[], string[]]>([
    ['makes as many slices as it needs', 'abcdefg', [], ['new:abc', 'new:def', 'new:g']],
    ['leaves endpoints where they are', 'abcd', [slice('x', 'bc'), slice('y', 'ad')], ['x:bc', 'y:ad']],
    ['fills gaps before it makes slices', 'abcde', [slice('x', 'ab')], ['x:abc', 'new:de']],
    [
      'takes out what is gone and drops empty slices',
      'ad',
      [slice('x', 'abc'), slice('y', 'ef'), slice('z', 'd')],
      ['x:a', 'z:d'],
    ],
    ['keeps one empty slice', '', [slice('x', 'a'), slice('y', 'b')], ['x:']],
    ['makes an empty slice', '', [], ['new:']],
    ['reuses the slice of other ports', 'a', [slice('x', 'a', OTHER)], ['x:a']],
  ])('%s', (_name, wanted, existing, expected) => {
    expect(pack(wanted, existing)).toEqual(expected);
  });

  it('separates endpoints with different ports', () => {
    const groups = [
      { ports: HTTP, endpoints: endpoints('a') },
      { ports: OTHER, endpoints: endpoints('b') },
    ];
    const packed = packSlices('IPv4', groups, [slice('x', 'ab')], 3);
    expect(packed.map(({ name, ports }) => [name, ports[0]?.port])).toEqual([
      ['x', 80],
      [undefined, 81],
    ]);
  });

  it('takes the present conditions over', () => {
    const groups = [{ ports: HTTP, endpoints: [endpoint('a', false)] }];
    expect(packSlices('IPv4', groups, [slice('x', 'a')], 3)[0]?.endpoints[0]?.conditions.ready).toBe(false);
  });

  it('compares ports without their order', () => {
    const two: SlicePort[] = [...HTTP, { name: 'dns', protocol: 'UDP', port: 53 }];
    expect(portKey(two)).toBe(portKey([...two].reverse()));
    expect(portKey(two)).not.toBe(portKey(HTTP));
  });
});
