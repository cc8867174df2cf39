import { describe, expect, it } from '@jest/globals';
import { decodeFile, fieldPath } from '../../../src/config/decode-file.ts';
import { ConfigError } from '../../../src/config/errors.ts';
import { foldByMode } from '../../../src/config/folded-configuration.ts';
import { kubeProxyApiVersion, kubeProxyKind, kubeProxySchema } from '../../../src/config/kube-proxy-configuration.ts';

const identity = { apiVersion: kubeProxyApiVersion, kind: kubeProxyKind };
const head = `apiVersion: ${kubeProxyApiVersion}\nkind: ${kubeProxyKind}\n`;
const decode = (text: string) => decodeFile(text, 'config.conf', identity, kubeProxySchema);
const read = (body: string) => decode(head + body).configuration;
const strictProblems = (body: string): string[] => decode(head + body).strictProblems.map((each) => each.message);
const second = 1_000_000_000n;

function failure(text: string): ConfigError {
  try {
    decode(text);
  } catch (error) {
    return error as ConfigError;
  }
  throw new Error('nothing was thrown');
}

describe('identity of the file', () => {
  it.each([
    ['an empty file', '', "Object 'Kind' is missing"],
    ['a file of null', 'null', "Object 'Kind' is missing"],
    ['a file with only comments', '# nothing\n', "Object 'Kind' is missing"],
    ['no kind', `apiVersion: ${kubeProxyApiVersion}`, "Object 'Kind' is missing"],
    ['no apiVersion', `kind: ${kubeProxyKind}`, "Object 'apiVersion' is missing"],
    [
      'another version',
      `apiVersion: kubeproxy.config.k8s.io/v1\nkind: ${kubeProxyKind}`,
      'no kind "KubeProxyConfiguration" is registered for version "kubeproxy.config.k8s.io/v1"',
    ],
    ['another kind', `apiVersion: ${kubeProxyApiVersion}\nkind: Pod`, 'no kind "Pod" is registered'],
    ['a kind that is no text', `apiVersion: ${kubeProxyApiVersion}\nkind: 3`, 'kind: number 3'],
    ['a list', '- a', 'the file holds a list'],
  ])('refuses %s', (_name, text, message) => {
    expect(failure(text).message).toContain(message);
    expect(failure(text).phase).toBe('complete');
  });
});

describe('defaults', () => {
  it('gives every field its documented default', () => {
    expect(read('')).toMatchInlineSnapshot(`
{
  "bindAddress": "0.0.0.0",
  "bindAddressHardFail": false,
  "clientConnection": {
    "acceptContentTypes": "",
    "burst": 10,
    "contentType": "application/vnd.kubernetes.protobuf",
    "kubeconfig": "",
    "qps": 5,
  },
  "clusterCIDR": "",
  "configSyncPeriod": 900000000000n,
  "conntrack": {
    "maxPerCore": 32768,
    "min": 131072,
    "tcpBeLiberal": false,
    "tcpCloseWaitTimeout": 3600000000000n,
    "tcpEstablishedTimeout": 86400000000000n,
    "udpStreamTimeout": 0n,
    "udpTimeout": 0n,
  },
  "detectLocal": {
    "bridgeInterface": "",
    "interfaceNamePrefix": "",
  },
  "detectLocalMode": "",
  "enableProfiling": false,
  "featureGates": {},
  "healthzBindAddress": "",
  "hostnameOverride": "",
  "iptables": {
    "localhostNodePorts": true,
    "masqueradeAll": false,
    "masqueradeBit": 14,
    "minSyncPeriod": 1000000000n,
    "syncPeriod": 30000000000n,
  },
  "ipvs": {
    "excludeCIDRs": [],
    "minSyncPeriod": 0n,
    "scheduler": "",
    "strictARP": false,
    "syncPeriod": 30000000000n,
    "tcpFinTimeout": 0n,
    "tcpTimeout": 0n,
    "udpTimeout": 0n,
  },
  "logging": {
    "flushFrequency": {
      "nanoseconds": 5000000000n,
      "writtenAsInteger": false,
    },
    "format": "text",
    "options": {
      "json": {
        "infoBufferSize": "0",
        "splitStream": false,
      },
      "text": {
        "infoBufferSize": "0",
        "splitStream": false,
      },
    },
    "verbosity": 0,
    "vmodule": [],
  },
  "metricsBindAddress": "",
  "mode": "",
  "nftables": {
    "masqueradeAll": false,
    "masqueradeBit": 14,
    "minSyncPeriod": 1000000000n,
    "syncPeriod": 30000000000n,
  },
  "nodePortAddresses": [],
  "oomScoreAdj": -999,
  "portRange": "",
  "showHiddenMetricsForVersion": "",
  "windowsRunAsService": false,
  "winkernel": {
    "enableDSR": false,
    "forwardHealthCheckVip": false,
    "networkName": "",
    "rootHnsEndpointName": "",
    "sourceVip": "",
  },
}
`);
  });

  it.each([
    ['IPv4', '', '0.0.0.0:10256', '127.0.0.1:10249'],
    ['IPv6', 'bindAddress: "::"', '[::]:10256', '[::1]:10249'],
    ['an unreadable bindAddress', 'bindAddress: nonsense', '[::]:10256', '[::1]:10249'],
    [
      'bare listener addresses',
      'healthzBindAddress: 10.0.0.1\nmetricsBindAddress: "fd00::5"',
      '10.0.0.1:10256',
      '[fd00::5]:10249',
    ],
    [
      'listener addresses with ports',
      'healthzBindAddress: 10.0.0.1:1\nmetricsBindAddress: "[fd00::5]:2"',
      '10.0.0.1:1',
      '[fd00::5]:2',
    ],
    ['brackets without a port', 'healthzBindAddress: "[fd00::5]"', '[fd00::5]', '127.0.0.1:10249'],
  ])('fills the listeners for %s', (_name, body, healthz, metrics) => {
    const folded = foldByMode(read(body));
    expect([folded.healthzBindAddress, folded.metricsBindAddress]).toEqual([healthz, metrics]);
  });
});

describe('null and zero', () => {
  it.each([
    ['a string', 'mode: null', (c: Read) => c.mode, ''],
    ['a boolean', 'enableProfiling: null', (c: Read) => c.enableProfiling, false],
    ['a number', 'clientConnection: {qps: null, burst: null}', (c: Read) => c.clientConnection.qps, 5],
    ['a number of zero', 'clientConnection: {burst: 0}', (c: Read) => c.clientConnection.burst, 10],
    ['a list', 'nodePortAddresses: null', (c: Read) => c.nodePortAddresses, []],
    ['a map', 'featureGates: null', (c: Read) => c.featureGates, {}],
    ['a section', 'conntrack: null', (c: Read) => c.conntrack.maxPerCore, 32768],
    [
      'a section inside of a section',
      'logging: {options: {text: null}}',
      (c: Read) => c.logging.options.text.infoBufferSize,
      '0',
    ],
    ['a nullable field', 'oomScoreAdj: null', (c: Read) => c.oomScoreAdj, -999],
    ['a nullable field of zero', 'oomScoreAdj: 0', (c: Read) => c.oomScoreAdj, 0],
    ['a nullable switch', 'iptables: {localhostNodePorts: null}', (c: Read) => c.iptables.localhostNodePorts, true],
    [
      'a nullable switch of false',
      'iptables: {localhostNodePorts: false}',
      (c: Read) => c.iptables.localhostNodePorts,
      false,
    ],
    ['a mark bit of zero', 'iptables: {masqueradeBit: 0}', (c: Read) => c.iptables.masqueradeBit, 0],
    [
      'a limit of zero',
      'conntrack: {maxPerCore: 0, min: 0}',
      (c: Read) => [c.conntrack.maxPerCore, c.conntrack.min],
      [0, 0],
    ],
    [
      'a nullable duration',
      'conntrack: {tcpCloseWaitTimeout: null}',
      (c: Read) => c.conntrack.tcpCloseWaitTimeout,
      3600n * second,
    ],
    [
      'a nullable duration of zero',
      'conntrack: {tcpCloseWaitTimeout: 0s}',
      (c: Read) => c.conntrack.tcpCloseWaitTimeout,
      0n,
    ],
    ['a duration of zero', 'ipvs: {syncPeriod: 0s}', (c: Read) => c.ipvs.syncPeriod, 30n * second],
    [
      'minSyncPeriod of zero for iptables',
      'iptables: {minSyncPeriod: 0s}',
      (c: Read) => c.iptables.minSyncPeriod,
      second,
    ],
    ['minSyncPeriod of zero for ipvs', 'ipvs: {minSyncPeriod: 0s}', (c: Read) => c.ipvs.minSyncPeriod, 0n],
    [
      'a flush frequency',
      'logging: {flushFrequency: null}',
      (c: Read) => c.logging.flushFrequency.nanoseconds,
      5n * second,
    ],
    [
      'a flush frequency of zero',
      'logging: {flushFrequency: 0}',
      (c: Read) => c.logging.flushFrequency.nanoseconds,
      5n * second,
    ],
    [
      'a flush frequency in nanoseconds',
      'logging: {flushFrequency: 1000}',
      (c: Read) => c.logging.flushFrequency,
      { nanoseconds: 1000n, writtenAsInteger: true },
    ],
    [
      'a buffer size',
      'logging: {options: {json: {infoBufferSize: null}}}',
      (c: Read) => c.logging.options.json.infoBufferSize,
      '0',
    ],
  ])('reads %s', (_name, body, pick, expected) => {
    expect(pick(read(body))).toEqual(expected);
  });

  it('loads a file as kubeadm writes it', () => {
    const body = [
      'bindAddress: 0.0.0.0',
      'bindAddressHardFail: false',
      'clientConnection: {acceptContentTypes: "", burst: 0, contentType: "", kubeconfig: /var/lib/kube-proxy/kubeconfig.conf, qps: 0}',
      'clusterCIDR: 10.244.0.0/16',
      'configSyncPeriod: 0s',
      'conntrack: {maxPerCore: null, min: null, tcpBeLiberal: false, tcpCloseWaitTimeout: null, tcpEstablishedTimeout: null, udpStreamTimeout: 0s, udpTimeout: 0s}',
      'detectLocal: {bridgeInterface: "", interfaceNamePrefix: ""}',
      'iptables: {localhostNodePorts: null, masqueradeAll: false, masqueradeBit: null, minSyncPeriod: 0s, syncPeriod: 0s}',
      'ipvs: {excludeCIDRs: null, minSyncPeriod: 0s, scheduler: "", strictARP: false, syncPeriod: 0s, tcpFinTimeout: 0s, tcpTimeout: 0s, udpTimeout: 0s}',
      'logging: {flushFrequency: 0, options: {json: {infoBufferSize: "0"}, text: {infoBufferSize: "0"}}, verbosity: 0}',
      'metricsBindAddress: ""',
      'mode: ""',
      'nodePortAddresses: null',
      'oomScoreAdj: null',
      'portRange: ""',
      'showHiddenMetricsForVersion: ""',
      'winkernel: {enableDSR: false, forwardHealthCheckVip: false, networkName: "", rootHnsEndpointName: "", sourceVip: ""}',
    ].join('\n');
    const kubeconfig = '/var/lib/kube-proxy/kubeconfig.conf';
    const standard = read('');
    const expected = {
      ...standard,
      clientConnection: { ...standard.clientConnection, kubeconfig },
      clusterCIDR: '10.244.0.0/16',
    };
    expect(read(body)).toEqual(expected);
    expect(strictProblems(body)).toEqual([]);
  });
});

describe('unknown and repeated keys', () => {
  it('reports them with their position and goes on', () => {
    const body = 'metadata: {name: x}\nconntrack: {max: 5, min: 7}\nmode: iptables\nmode: ipvs\nudpIdleTimeout: 5';
    expect(strictProblems(body)).toEqual([
      'config.conf:4:13: unknown field "conntrack.max"',
      'config.conf:3:1: unknown field "metadata"',
      'config.conf:7:1: unknown field "udpIdleTimeout"',
      'config.conf:6:1: key "mode" is written twice, the last one counts',
    ]);
    expect(read(body)).toMatchObject({ mode: 'ipvs', conntrack: { min: 7 } });
  });

  it('compares keys by case', () => {
    expect(strictProblems('Mode: ipvs')).toEqual(['config.conf:3:1: unknown field "Mode"']);
  });

  it('looks into list elements', () => {
    expect(strictProblems('logging: {vmodule: [{filePattern: a, verbosity: 1, x: 2}]}')).toEqual([
      'config.conf:3:52: unknown field "logging.vmodule[0].x"',
    ]);
  });
});

describe('values that are not possible', () => {
  it.each([
    ['mode: 3', '3:7: mode: number 3 is not possible here, allowed: a string'],
    ['mode: on', '3:7: mode: boolean true is not possible here, allowed: a string'],
    ['mode: [ipvs]', '3:7: mode: a list is not possible here, allowed: a string'],
    ['ipvs: 3', '3:7: ipvs: number 3 is not possible here, allowed: a map'],
    ['ipvs:\n  strictARP: "true"', '4:14: ipvs.strictARP: string "true" is not possible here, allowed: true or false'],
    [
      'ipvs:\n  syncPeriod: 30',
      '4:15: ipvs.syncPeriod: number 30 is not possible here, allowed: a duration such as "30s"',
    ],
    ['ipvs:\n  syncPeriod: 30d', 'unknown unit "d" in duration "30d"'],
    ['ipvs:\n  syncPeriod: ""', 'ipvs.syncPeriod: string "" is not possible here'],
    ['ipvs:\n  syncPeriod: null', '4:15: ipvs.syncPeriod: null is not possible here, allowed: a duration'],
    [
      'oomScoreAdj: 1.5',
      'oomScoreAdj: number 1.5 is not possible here, allowed: a whole number from -2147483648 to 2147483647',
    ],
    ['oomScoreAdj: 2147483648', 'oomScoreAdj: number 2147483648 is not possible here'],
    [
      'logging: {verbosity: -1}',
      'logging.verbosity: number -1 is not possible here, allowed: a whole number from 0 to 4294967295',
    ],
    ['logging: {flushFrequency: 1.5}', 'logging.flushFrequency: number 1.5 is not possible here'],
    ['logging: {options: {text: {infoBufferSize: lots}}}', 'infoBufferSize: string "lots" is not possible here'],
    ['featureGates: {A: maybe}', 'featureGates.A: string "maybe" is not possible here, allowed: true or false'],
    [
      'nodePortAddresses: 10.0.0.0/8',
      'nodePortAddresses: string "10.0.0.0/8" is not possible here, allowed: a list of strings',
    ],
    ['nodePortAddresses:\n- a\n- 5', '5:3: nodePortAddresses[1]: number 5 is not possible here, allowed: a string'],
    ['clientConnection: {qps: .inf}', 'clientConnection.qps: number'],
  ])('refuses %s', (body, message) => {
    expect(failure(head + body).message).toContain(message);
    expect(failure(head + body).message).toMatch(/^failed complete: failed to decode: config\.conf:/);
  });

  it('reports all of them, with field, value, bound and position of the first', () => {
    const error = failure(`${head}mode: 3\nhostnameOverride: 4`);
    expect(error.problems).toHaveLength(2);
    expect(error.problems.map((each) => each.field).toSorted()).toEqual(['hostnameOverride', 'mode']);
    expect(error.problems.find((each) => each.field === 'mode')).toMatchObject({
      value: 'number 3',
      bound: 'a string',
      position: { file: 'config.conf', line: 3, column: 7 },
    });
    expect(error.message).toMatch(/^failed complete: \[.*, .*\]$/);
  });
});

describe('YAML and JSON', () => {
  it.each([
    ['on', true],
    ['Yes', true],
    ['TRUE', true],
    ['off', false],
    ['no', false],
  ])('reads the word %s as a truth value', (word, expected) => {
    expect(read(`enableProfiling: ${word}`).enableProfiling).toBe(expected);
  });

  it('reads a leading zero as octal', () => {
    expect(read('conntrack: {min: 010}').conntrack.min).toBe(8);
  });

  it('has no base-60 numbers and no dates', () => {
    expect(read('hostnameOverride: 1:30').hostnameOverride).toBe('1:30');
    expect(read('hostnameOverride: 2026-01-01').hostnameOverride).toBe('2026-01-01');
  });

  it('reads an unquoted IPv6 address that YAML allows, and refuses one that it does not', () => {
    expect(read('bindAddress: ::0').bindAddress).toBe('::0');
    expect(failure(`${head}bindAddress: ::`).message).toContain('config.conf:3:14: ');
  });

  it('reads only the first document', () => {
    expect(read('mode: ipvs\n---\nmode: [').mode).toBe('ipvs');
  });

  it('resolves aliases and merges', () => {
    expect(read('ipvs: &a {scheduler: lc}\nnftables: {masqueradeBit: 3}').ipvs.scheduler).toBe('lc');
    expect(read('x: &a {scheduler: lc}\nipvs: {<<: *a}').ipvs.scheduler).toBe('lc');
  });

  it('refuses keys that are not text', () => {
    expect(failure(`${head}? [a]\n: 1`).message).toContain('a key must be text');
  });

  it('refuses aliases that grow without end', () => {
    const levels = Array.from({ length: 12 }, (_, level) =>
      level === 0
        ? 'a0: &a0 [x, x, x, x, x, x, x, x, x]'
        : `a${level}: &a${level} [${Array(9)
            .fill(`*a${level - 1}`)
            .join(', ')}]`,
    );
    expect(failure(head + levels.join('\n'))).toBeInstanceOf(ConfigError);
  });

  it('reads a file that begins with a brace as JSON', () => {
    const json = JSON.stringify({ kind: kubeProxyKind, apiVersion: kubeProxyApiVersion, mode: 'ipvs' }, null, '\t');
    expect(decode(`\n ${json}`).configuration.mode).toBe('ipvs');
    expect(failure('{\n"mode": ipvs}').message).toContain('config.conf:2:9: ');
  });

  it('knows positions in JSON, too', () => {
    const json = `{"kind": "${kubeProxyKind}", "apiVersion": "${kubeProxyApiVersion}",\n "mode": 3, "x": 1}`;
    expect(failure(json).message).toContain('config.conf:2:10: mode: number 3');
  });

  it('keeps a key that objects have by themselves apart from them', () => {
    expect(strictProblems('__proto__: {mode: ipvs}\nconstructor: 3')).toHaveLength(2);
    expect(read('__proto__: {mode: ipvs}').mode).toBe('');
  });
});

it('prints paths as documentation writes them', () => {
  expect(fieldPath(['logging', 'vmodule', 0, 'verbosity'])).toBe('logging.vmodule[0].verbosity');
});

type Read = ReturnType<typeof read>;
