import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import type { StatusLine } from '../../../../src/model/status-protocol.ts';
import { away, run, told } from './services-world.ts';

describe('a table', () => {
  it('of everything', async () => {
    const { output, error, exitCode, closed } = await run('--services');
    expect(output).toBe(`\
  REAL SERVER         POD                   NODE  ZONE  WEIGHT  ACTIVE  INACTIVE  STATE
kube-system/kube-dns  UDP [fd00::a]:53  lc  ClusterIP  internal (policy Local)  affinity 10m
  [fd00:244::2]:5353  coredns-0             n2               1       0         0  active
shop/web:http  TCP 10.96.0.1:80  rr  NodePort  internal (policy Cluster)
  10.244.1.2:8080     web-6d4b75cb6d-hx2zk  n1    z-a        1      12         0  active
  10.244.1.3:8080     web-6d4b75cb6d-p9qlm  n2               0       1         0  waiting for 1m15s
  10.244.1.4:8080                                            0       2         0  draining for 12s
shop/web:http  TCP 192.168.0.10:30080  rr  NodePort  node port (policy Local)
  10.244.1.2:8080     web-6d4b75cb6d-hx2zk  n1    z-a        1       0         0  active
  10.244.9.9:8080                                            0       0         0  weight 0
-  firewall mark 7 IPv4  rr
  no real servers
`);
    expect({ error, exitCode, closed }).toEqual({ error: '', exitCode: 0, closed: 1 });
  });

  it('with counters, and nothing cut off', async () => {
    const { output } = await run('-o wide --service shop/web');
    expect(output).toContain('internal (policy Cluster)  0 connections  in 0B  out 0B\n');
  });

  it('without names when the daemon is away, which is told in one line', async () => {
    const { output, error, exitCode } = await run('--services', { answer: away });
    expect(error).toBe('ipvs-status: names are missing: nobody is there\n');
    expect(output).toContain('-  TCP 10.96.0.1:80  rr\n  10.244.1.2:8080 ');
    expect(output).toMatch(/^ {2}REAL SERVER +WEIGHT +ACTIVE +INACTIVE +STATE\n/);
    expect(output).toContain('weight 0\n');
    expect(exitCode).toBe(0);
  });
});

describe('filters', () => {
  it.each([
    ['--service shop/web', ['10.96.0.1', '192.168.0.10'], 5],
    ['--namespace kube-system', ['fd00::a'], 1],
    ['--address 10.96.0.1', ['10.96.0.1'], 3],
    ['--address 10.96.0.1:80', ['10.96.0.1'], 3],
    ['--address 10.244.1.2', ['10.96.0.1', '192.168.0.10'], 2],
    ['--node n2', ['fd00::a', '10.96.0.1'], 2],
    ['--node n2 --namespace shop', ['10.96.0.1'], 1],
    ['--address 10.244.1.3:8080 --service shop/web', ['10.96.0.1'], 1],
  ])('%s', async (filter, addresses, realServers) => {
    const { output, exitCode } = await run(`-o json ${filter}`);
    const { items } = JSON.parse(output) as { items: { address: string; realServers: object[] }[] };
    expect(items.map(({ address }) => address)).toEqual(addresses);
    expect(items.flatMap((item) => item.realServers)).toHaveLength(realServers);
    expect(exitCode).toBe(0);
  });

  it('ask the daemon for no more than they need', async () => {
    expect((await run('--service shop/web')).asked).toEqual([
      { socket: '/run/ipvs-proxier/status.sock', service: 'shop/web', namespace: 'shop' },
    ]);
  });

  it.each([
    [
      '--service shop/nothing',
      'nothing in the table of this node is for Service shop/nothing; ipvs-proxier explain svc/shop/nothing says why',
    ],
    ['--address 10.9.9.9 --node n1', 'nothing in the table of this node is for address 10.9.9.9 and node n1'],
    ['--address 10.96.0.1:81', 'nothing in the table of this node is for address 10.96.0.1'],
    ['--namespace none', 'nothing in the table of this node is for namespace none'],
  ])('that nothing passes: %s', async (filter, why) => {
    expect(await run(filter)).toMatchObject({ output: '', error: `ipvs-status: ${why}\n`, exitCode: 1 });
    expect(JSON.parse((await run(`-o json ${filter}`)).output)).toMatchObject({ items: [] });
  });

  it('by names need the daemon, those by address do not', async () => {
    for (const filter of ['--service shop/web', '--namespace shop', '--node n1']) {
      expect(await run(filter, { answer: away })).toMatchObject({
        output: '',
        error: 'ipvs-status: only a running ipvs-proxier knows names, and nobody is there\n',
        exitCode: 1,
      });
    }
    expect(await run('--address 10.96.0.1', { answer: away })).toMatchObject({ exitCode: 0 });
  });
});

describe('as data', () => {
  it('in JSON and in YAML the same', async () => {
    const { output } = await run('-o json');
    const document = JSON.parse(output) as { items: unknown[] };
    expect(parse((await run('-o yaml')).output)).toEqual(document);
    expect(document).toMatchObject({ apiVersion: 'ipvs-proxier.io/v1alpha1', kind: 'VirtualServerList', node: 'n1' });
    expect(document.items[1]).toEqual({
      protocol: 'TCP',
      address: '10.96.0.1',
      port: 80,
      scheduler: 'rr',
      service: {
        namespace: 'shop',
        name: 'web',
        port: 'http',
        type: 'NodePort',
        via: 'clusterIP',
        trafficPolicy: 'Cluster',
      },
      counters: { connections: 0, incomingPackets: 0, outgoingPackets: 0, incomingBytes: 0, outgoingBytes: 0 },
      realServers: [
        {
          address: '10.244.1.2',
          port: 8080,
          forwarding: 'masquerade',
          weight: 1,
          activeConnections: 12,
          inactiveConnections: 0,
          pod: 'web-6d4b75cb6d-hx2zk',
          node: 'n1',
          zone: 'z-a',
          state: 'active',
        },
        expect.objectContaining({ pod: 'web-6d4b75cb6d-p9qlm', state: 'waiting', forSeconds: 75 }),
        expect.objectContaining({ address: '10.244.1.4', state: 'draining', forSeconds: 12 }),
      ],
    });
    expect(document.items[3]).toEqual({
      firewallMark: 7,
      family: 'IPv4',
      scheduler: 'rr',
      counters: expect.anything(),
      realServers: [],
    });
  });
});

describe('failures', () => {
  it('of the command line are told before the kernel is looked for', async () => {
    expect(await run('--services --stats', { fail: 'EPERM' })).toMatchObject({
      error: expect.stringMatching(
        /^ipvs-status: option --stats does not go with --services and the like; see --help\n$/,
      ),
      exitCode: 2,
      closed: 0,
    });
  });

  it('to open the kernel', async () => {
    expect(await run('--services', { fail: 'EPERM' })).toMatchObject({
      error: 'ipvs-status: IPVS cannot be reached: EPERM\n',
      exitCode: 2,
      closed: 0,
    });
    expect(await run('--services', { refuse: 'ENOENT' })).toMatchObject({
      error: 'ipvs-status: IPVS cannot be reached: ENOENT\n',
      exitCode: 2,
      closed: 1,
    });
  });
});

it('hands pictures to the live view', async () => {
  expect(await run('--watch')).toMatchObject({ exitCode: 4, closed: 1 });
});

it('names the Service that has an address, not one that only claims it', async () => {
  const younger = {
    ...told[1],
    namespace: 'shop',
    name: 'younger',
    lost: [{ protocol: 'TCP', address: '10.96.0.1', port: 80 }],
  };
  const lines = [younger as StatusLine, ...told];
  const { output } = await run('--address 10.96.0.1', { answer: { kind: 'told', lines } });
  expect(output).toContain('shop/web:http  TCP 10.96.0.1:80');
});
