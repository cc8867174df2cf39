import { describe, expect, it } from '@jest/globals';
import { parseTarget } from '../../../../src/cli/explain/target.ts';

describe('what is to be explained', () => {
  it.each([
    ['svc/default/web', { kind: 'service', namespace: 'default', name: 'web' }],
    ['service/kube-system/kube-dns', { kind: 'service', namespace: 'kube-system', name: 'kube-dns' }],
    ['default/web', { kind: 'service', namespace: 'default', name: 'web' }],
    ['10.96.0.10:53', { kind: 'address', address: '10.96.0.10', port: 53 }],
    ['10.96.0.10:53/udp', { kind: 'address', address: '10.96.0.10', port: 53, protocol: 'UDP' }],
    ['[fd00::1]:80/TCP', { kind: 'address', address: 'fd00::1', port: 80, protocol: 'TCP' }],
  ])('%s', (text, target) => {
    expect(parseTarget(text)).toEqual(target);
  });

  it.each(['web', 'svc/web', 'pod/default/web', '10.96.0.1', '10.96.0.1:0', '10.96.0.1:70000', 'fd00::1:80', 'a:80'])(
    '%s is refused',
    (text) => {
      expect(() => parseTarget(text)).toThrow(`"${text}" is neither svc/NAMESPACE/NAME nor IP:PORT[/PROTOCOL]`);
    },
  );
});
