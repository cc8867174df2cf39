import { describe, expect, it } from '@jest/globals';
import { version } from '../../../src/app/version.ts';
import { loadConfig } from '../../../src/config/effective-config.ts';
import { ConfigError } from '../../../src/config/errors.ts';

const theirs = `apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: ipvs
ipvs:
  strictARP: true
  excludeCIDRs: ["10.0.0.0/8", 'fd00::/8']
  syncPeriod: 30s
conntrack: {maxPerCore: null, min: 1}
nodePortAddresses:
- 192.168.0.0/16
logging:
  vmodule:
  - {filePattern: "main*", verbosity: 2}
`;
const ours = `apiVersion: ipvs-proxier.io/v1alpha1
kind: ProxierConfiguration
drain: {deadline: 1m}
apiServer:
  urls: ["https://10.0.0.1:6443"]
`;
const theirsAsJson = JSON.stringify({
  apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
  kind: 'KubeProxyConfiguration',
  mode: 'ipvs',
  ipvs: { strictARP: true, excludeCIDRs: ['10.0.0.0/8'] },
});

/** How a start with these files ends: the message of the refusal, or `fine`. */
function outcome(files: Readonly<Record<string, string | Error>>): string {
  const readFile = (path: string): string => {
    const text = files[path] ?? new Error(`ENOENT: no such file or directory, open '${path}'`);
    if (typeof text === 'string') return text;
    throw text;
  };
  try {
    const { kind } = loadConfig({ argv: ['--config=/c', '--proxier-config=/p'], readFile, version });
    return kind === 'run' ? 'fine' : kind;
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error; // anything else is a defect: it would end the program with a stack trace
  }
}

describe('a file that cannot be used', () => {
  it.each([
    ['is not there', "ENOENT: no such file or directory, open '/f'"],
    ['may not be read', "EACCES: permission denied, open '/f'"],
    ['is a directory', 'EISDIR: illegal operation on a directory, read'],
    ['is on a disk with faults', 'EIO: i/o error, read'],
  ])('as it %s is named with the reason', (_name, reason) => {
    expect(outcome({ '/c': new Error(reason), '/p': ours })).toBe(`failed complete: cannot read /c: ${reason}`);
    expect(outcome({ '/c': theirs, '/p': new Error(reason) })).toBe(`failed complete: cannot read /p: ${reason}`);
  });

  it.each<[string, string, string]>([
    ['YAML', '/c', theirs],
    ['JSON', '/c', theirsAsJson],
    ['YAML of ours', '/p', ours],
  ])('as it ends too early, wherever that is, is used or named: %s', (_name, path, whole) => {
    expect(outcome({ '/c': theirs, '/p': ours, [path]: whole })).toBe('fine');
    for (let length = 0; length < whole.length; length += 1) {
      const told = outcome({ '/c': theirs, '/p': ours, [path]: whole.slice(0, length) });
      expect(told).toMatch(new RegExp(`^fine$|^failed (complete|validate): .*${path}`));
    }
  });

  it.each([
    ['zeros, as after a crash of the node', '\0'.repeat(512), '/c: the file holds string '],
    ['bytes that are no text', '\u0000\u0001\ufffd\ufffd{]', '/c: the file holds string '],
    ['a list', '- a\n- b\n', '/c: the file holds a list, allowed: a map'],
    ['a word', 'ipvs\n', '/c: the file holds string "ipvs", allowed: a map'],
    ['a tabulator', `${theirs}ipvs:\n\tscheduler: rr\n`, '/c:15:1'],
    ['a quote that is not closed', `${theirs}hostnameOverride: "node\n`, '/c:15:1: Missing closing "quote'],
    ['a bracket that is not closed', '{"kind": "KubeProxyConfiguration", "mode": [', '/c:1:'],
    ['an alias of nothing', `${theirs}hostnameOverride: *name\n`, '/c:14:19: Unresolved alias'],
    ['nothing', '', "Object 'Kind' is missing in /c, allowed: kind: KubeProxyConfiguration"],
  ])('as it holds %s is refused at the place', (_name, text, words) => {
    const told = outcome({ '/c': text, '/p': ours });
    expect(told).toMatch(/^failed complete: failed to decode: /);
    expect(told).toContain(words);
  });
});
