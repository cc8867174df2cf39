import { createServer, type Server } from 'node:http';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Daemon, startDaemon } from '../../../src/app/daemon.ts';
import { systemClock } from '../../../src/app/system-clock.ts';
import { version } from '../../../src/app/version.ts';
import { loadConfig } from '../../../src/config/effective-config.ts';
import { Klog } from '../../../src/observe/klog.ts';
import { createMetrics } from '../../../src/observe/metrics.ts';
import { readProcessUsage } from '../../../src/observe/process-usage.ts';
import { type ApiServer, startApiServer } from '../../support/api-server/start-api-server.ts';
import { clearNode } from '../../support/clear-node.ts';
import { Programs } from '../../support/programs.ts';

if (process.env.LAB === undefined) throw new Error('this test needs the kernel lab: test/lab/lab.ts run -- ...');

const programs = new Programs();
const { shell } = programs;
const lines: string[] = [];
const build = { major: '1', minor: '36', gitVersion: 'v1.36.0', gitCommit: '', buildDate: '', programVersion: '0' };
const metrics = createMetrics({ build, features: [], processUsage: readProcessUsage });
let server: ApiServer;
let daemon: Daemon;
let blocker: Server;
let healthy = true;

/** Looks until it is so; fails with what was seen last. */
async function expectSoon<T>(look: () => T | Promise<T>, isSo: (seen: T) => boolean): Promise<T> {
  for (let attempt = 0; attempt < 2_000; attempt += 1) {
    const seen = await look();
    if (isSo(seen)) return seen;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`still: ${JSON.stringify(await look())}; log: ${lines.slice(-20).join('\n')}`);
}

function readSettings(kubeconfig: string) {
  const directory = mkdtempSync(join(tmpdir(), 'daemon-'));
  writeFileSync(join(directory, 'kubeconfig'), kubeconfig);
  const argv = [
    '--proxy-mode=ipvs',
    '--hostname-override=node-1',
    `--kubeconfig=${join(directory, 'kubeconfig')}`,
    '--detect-local-mode=NodeCIDR',
    '--ipvs-min-sync-period=0s',
  ];
  const invocation = loadConfig({ argv, readFile: (path) => readFileSync(path, 'utf8'), version });
  if (invocation.kind !== 'run') throw new Error('not started');
  return invocation.settings;
}

const service = (name: string, spec: object, status: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace: 'default', name },
  spec: { ports: [{ name: 'http', port: 80, protocol: 'TCP' }], ...spec },
  status,
});

function slice(nodeName: string, changes: object = {}) {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { namespace: 'default', name: 'web-1', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    endpoints: [{ addresses: ['10.244.1.5'], nodeName, conditions: { ready: true } }],
    ...changes,
  };
}

const node = (spec: object) => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'node-1' },
  spec,
  status: { addresses: [{ type: 'InternalIP', address: '192.168.7.1' }] },
});

const balancer = {
  type: 'LoadBalancer',
  clusterIP: '10.96.0.10',
  externalTrafficPolicy: 'Local',
  healthCheckNodePort: 32_100,
  loadBalancerSourceRanges: ['198.51.100.0/24'],
};

async function health(port: number): Promise<string> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/any`);
    return `${answer.status} ${answer.headers.get('x-load-balancing-endpoint-weight')} ${await answer.text()}`;
  } catch {
    return 'closed';
  }
}

const virtualServers = async () =>
  (await shell.run('ipvsadm -Sn')).split('\n').filter((line) => line.startsWith('-A') && line.includes('10.96.'));
const events = () =>
  server.objects
    .list('events.events.k8s.io')
    .map((event) => `${String(event['reason'])} ${(event['regarding'] as { name: string }).name}`)
    .sort();

beforeAll(async () => {
  await clearNode(shell);
  await shell.run('ip link add eth9 type dummy && ip addr add 192.168.7.1/24 dev eth9');
  blocker = createServer().listen(32_200);
  server = await startApiServer({ tls: false });
  server.objects.apply(node({}));
  server.objects.apply(service('web', balancer, { loadBalancer: { ingress: [{ ip: '198.51.100.9' }] } }));
  const settings = readSettings(server.kubeconfig);
  const sink = { write: (text: string) => void lines.push(...text.split('\n').filter(Boolean)) };
  const logging = { format: 'text', verbosity: 2, vmodule: [], flushFrequencyMs: 100 } as const;
  const klog = new Klog({ ...logging, sink, clock: systemClock, processId: process.pid });
  const listener = { queued() {}, succeeded() {}, nodeSeen() {} };
  daemon = await startDaemon({ settings, klog, metrics, listener, isHealthy: () => healthy, runCommand: programs.run });
});

afterAll(async () => {
  await daemon.stop();
  await server.stop();
  blocker.close();
  await clearNode(shell);
  programs.close();
});

describe('the start', () => {
  it('writes nothing before the Node has pod networks, and goes on as soon as it has', async () => {
    await expectSoon(
      () => lines.join('\n'),
      (log) => log.includes('Waiting for the Node before the first round'),
    );
    expect(await virtualServers()).toEqual([]);
    server.objects.apply(node({ podCIDR: '10.244.1.0/24', podCIDRs: ['10.244.1.0/24'] }));
    await expectSoon(virtualServers, (found) => found.length === 1);
    expect(await shell.run('iptables-save -t nat 2>/dev/null')).toContain('! -s 10.244.1.0/24');
  });

  it('says what it found', () => {
    const started = lines.find((line) => line.includes('"Started"'));
    expect(started).toMatch(/kernel="6\.\S+" modules="\S+" families="IPv4,IPv6" iptables="\w+" netlink="addon"/);
  });

  it('is an Event on the Node', async () => {
    await expectSoon(events, (found) => found.includes('Starting node-1'));
  });
});

describe('rules', () => {
  it('follow the pod networks of the Node', async () => {
    server.objects.apply(node({ podCIDR: '10.244.9.0/24', podCIDRs: ['10.244.9.0/24'] }));
    await expectSoon(
      () => shell.run('iptables-save -t nat 2>/dev/null'),
      (saved) => saved.includes('! -s 10.244.9.0/24') && !saved.includes('10.244.1.0/24'),
    );
  });
});

describe('health check ports', () => {
  it('answer with the number of local endpoints', async () => {
    await expectSoon(
      () => health(32_100),
      (seen) => seen.startsWith('503 0'),
    );
    server.objects.apply(slice('node-1'));
    const answer = await expectSoon(
      () => health(32_100),
      (seen) => seen.startsWith('200 1'),
    );
    expect(JSON.parse(answer.slice(6))).toEqual({
      service: { namespace: 'default', name: 'web' },
      localEndpoints: 1,
      serviceProxyHealthy: true,
    });
  });

  it('are 503 while the program is stuck', async () => {
    healthy = false;
    expect(await health(32_100)).toMatch(/^503 1/);
    healthy = true;
  });

  it('that are taken are told of once, and opened as soon as they are free', async () => {
    server.objects.apply(service('taken', { ...balancer, clusterIP: '10.96.0.11', healthCheckNodePort: 32_200 }));
    await expectSoon(events, (found) => found.includes('FailedToStartServiceHealthcheck taken'));
    await new Promise((resolve) => blocker.close(resolve));
    await expectSoon(
      () => health(32_200),
      (seen) => seen.startsWith('503 0'),
    );
    expect(events().filter((event) => event.startsWith('FailedToStart'))).toHaveLength(1);
  });

  it('close with their Service', async () => {
    server.objects.delete('services', 'default/taken');
    await expectSoon(
      () => health(32_200),
      (seen) => seen === 'closed',
    );
  });
});

describe('problems', () => {
  it('are Events on the objects that have them', async () => {
    server.objects.apply(service('copy', { clusterIP: '10.96.0.12', externalIPs: ['203.0.113.9'] }));
    server.objects.apply(service('copy-2', { clusterIP: '10.96.0.13', externalIPs: ['203.0.113.9'] }));
    server.objects.apply(slice('node-1', { ports: [{ name: 'http', protocol: 'TCP' }] }));
    const found = await expectSoon(events, (all) => all.length >= 5);
    expect(found).toEqual([
      expect.stringMatching(/^AddressConflict copy/),
      'FailedToStartServiceHealthcheck taken',
      'InvalidField web',
      'SliceWithoutPorts web',
      'Starting node-1',
    ]);
  });

  it('are counted, as the requests to the API server are', async () => {
    const text = await metrics.registry.render();
    expect(text).toContain('ipvs_proxier_problems_total{reason="AddressConflict"} 1');
    expect(text).toMatch(/rest_client_requests_total\{code="201",method="POST",host="[^"]+"\} \d/);
    expect(text).toMatch(/ipvs_proxier_batch_operations_count\{driver="ipvs"\} [1-9]/);
  });
});
