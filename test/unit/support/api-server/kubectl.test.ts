import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { ApiServer } from '../../../support/api-server/start-api-server.ts';
import { startApiServer } from '../../../support/api-server/start-api-server.ts';

// Another binary than the one in PATH can be named, to try other versions.
const KUBECTL = process.env['KUBECTL'] ?? 'kubectl';
const COMMAND_LIMIT_MS = 20_000;
const run = promisify(execFile);

const SERVICE = `
apiVersion: v1
kind: Service
metadata:
  name: web
  namespace: demo
  labels: {app: web}
spec:
  type: NodePort
  ipFamilyPolicy: PreferDualStack
  selector: {app: web}
  ports:
  - {name: http, port: 80, targetPort: http}
  - {name: metrics, port: 9090}
`;
const OTHERS = `
apiVersion: v1
kind: Namespace
metadata: {name: demo}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, namespace: demo, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints: [{addresses: [10.1.1.1], conditions: {ready: true}}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: demo}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: demo}
data: {mode: fast}
`;

// A command takes a tenth of a second on a quiet machine.
jest.setTimeout(60_000);

let server: ApiServer;
let home: string;

beforeAll(async () => {
  server = await startApiServer({ tokens: ['secret'] });
  home = mkdtempSync(join(tmpdir(), 'kubectl-test-'));
  writeFileSync(join(home, 'kubeconfig'), server.kubeconfig);
  writeFileSync(join(home, 'service.yaml'), SERVICE);
  writeFileSync(join(home, 'others.yaml'), OTHERS);
});

afterAll(async () => {
  await server.stop();
  rmSync(home, { recursive: true, force: true });
});

/** Its own home directory, so that nothing cached from elsewhere helps or hurts. */
function environment(more: Record<string, string> = {}): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], HOME: home, KUBECONFIG: join(home, 'kubeconfig'), ...more };
}

async function kubectl(args: string, more: Record<string, string> = {}): Promise<string> {
  const options = { cwd: home, env: environment(more), timeout: COMMAND_LIMIT_MS };
  try {
    const { stdout } = await run(KUBECTL, args.split(' '), options);
    return stdout.trim();
  } catch (error) {
    if (fieldOf(error, 'code') === 'ENOENT') {
      throw new Error('kubectl is not installed; these tests need it (Debian package kubernetes-client)');
    }
    throw error;
  }
}

function failure(args: string): Promise<string> {
  return kubectl(args).then(
    () => 'succeeded',
    (error: unknown) => String(fieldOf(error, 'stderr') ?? error),
  );
}

/** Errors of Node itself are no `Error`s of the test's realm, so only their fields can tell. */
function fieldOf(error: unknown, name: string): unknown {
  return typeof error === 'object' && error !== null ? Reflect.get(error, name) : undefined;
}

describe('kubectl', () => {
  beforeEach(async () => {
    if (server.objects.get('namespaces', 'demo') !== undefined) server.objects.delete('namespaces', 'demo');
    await kubectl('apply -f others.yaml -f service.yaml');
  });

  it('finds the kinds', async () => {
    const names = (await kubectl('api-resources -o name')).split('\n');
    expect(names).toEqual(expect.arrayContaining(['services', 'endpointslices.discovery.k8s.io', 'deployments.apps']));
  });

  it('applies, says when nothing changes, and removes what the manifest drops', async () => {
    expect(await kubectl('apply -f service.yaml')).toBe('service/web unchanged');
    const changed = SERVICE.replace(/.*metrics.*\n/, '').replace('labels: {app: web}', 'labels: {tier: front}');
    writeFileSync(join(home, 'changed.yaml'), changed);
    expect(await kubectl('apply -f changed.yaml')).toBe('service/web configured');
    const service = server.objects.get('services', 'demo/web');
    expect(service?.metadata.labels).toEqual({ tier: 'front' });
    expect(service?.['spec']).toMatchObject({ ports: [{ name: 'http' }] });
    expect(service?.['spec']).toHaveProperty('ports.length', 1);
    expect(service?.['spec']).toHaveProperty('clusterIPs.length', 2);
  });

  it('applies on the server, and in a dry run', async () => {
    expect(await kubectl('apply --server-side --force-conflicts -f service.yaml')).toBe(
      'service/web serverside-applied',
    );
    const { revision } = server.objects;
    expect(await kubectl('apply --dry-run=server -f others.yaml')).toContain(
      'configmap/settings unchanged (server dry run)',
    );
    expect(server.objects.revision).toBe(revision);
    expect(await kubectl('diff -f service.yaml')).toBe('');
  });

  it('gets tables, JSON and fields', async () => {
    const table = await kubectl('get services,endpointslices,deployments -n demo -o wide');
    expect(table).toMatch(/service\/web +NodePort +10\.96\.1\.\d+ +<none> +80:\d+\/TCP,9090:\d+\/TCP +\d+s +app=web/);
    expect(table).toMatch(/endpointslice\.discovery\.k8s\.io\/web-1 +IPv4 +8080 +10\.1\.1\.1/);
    expect(await kubectl('get svc -A -l app=web -o name')).toBe('service/web');
    expect(await kubectl('get svc -A -l app!=web -o name')).toBe('');
    expect(await kubectl('get svc web -n demo -o jsonpath={.spec.ipFamilies}')).toBe('["IPv4","IPv6"]');
    expect(await failure('get svc none -n demo')).toContain('Error from server (NotFound): services "none" not found');
  });

  it('patches in three ways', async () => {
    await kubectl('patch svc web -n demo -p {"spec":{"ports":[{"port":80,"nodePort":30999}]}}');
    await kubectl('patch svc web -n demo --type merge -p {"spec":{"sessionAffinity":"ClientIP"}}');
    await kubectl('patch svc web -n demo --type json -p [{"op":"remove","path":"/spec/ports/1"}]');
    expect(server.objects.get('services', 'demo/web')?.['spec']).toMatchObject({
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 10_800 } },
      ports: [{ name: 'http', nodePort: 30_999, port: 80, protocol: 'TCP', targetPort: 'http' }],
    });
    const refused = await failure('patch svc web -n demo -p {"spec":{"ports":[{"port":80,"protocol":"ICMP"}]}}');
    expect(refused).toContain('The Service "web" is invalid: spec.ports[0].protocol: Unsupported value: "ICMP"');
  });

  it('labels, annotates and edits', async () => {
    await kubectl('label svc web -n demo tier=front app-');
    await kubectl('annotate svc web -n demo note=hello');
    const edited = await kubectl('edit svc web -n demo', { KUBE_EDITOR: "sed -i 's/port: 9090/port: 9191/'" });
    expect(edited).toContain('service/web edited');
    const service = server.objects.get('services', 'demo/web');
    expect(service?.metadata).toMatchObject({ labels: { tier: 'front' }, annotations: { note: 'hello' } });
    expect(service?.metadata.labels).not.toHaveProperty('app');
    expect(service?.['spec']).toMatchObject({ ports: [{ port: 80 }, { port: 9191 }] });
  });

  it('describes with endpoints and events', async () => {
    const { uid } = server.objects.get('services', 'demo/web')?.metadata ?? {};
    server.objects.apply({
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: 'web.1', namespace: 'demo' },
      involvedObject: { kind: 'Service', namespace: 'demo', name: 'web', uid },
      type: 'Normal',
      reason: 'Tested',
      message: 'looks good',
    });
    const text = await kubectl('describe svc web -n demo');
    expect(text).toMatch(/IP Families: +IPv4,IPv6/);
    expect(text).toMatch(/Normal +Tested +.*looks good/);
    expect(await kubectl('get events -n demo')).toMatch(/Normal +Tested +service\/web +looks good/);
  });

  it('waits for conditions and deletions', async () => {
    const conditions = [{ type: 'Ready', status: 'False' }];
    server.objects.apply({ kind: 'Node', metadata: { name: 'n1' }, status: { conditions } });
    const waiting = kubectl('wait --for=condition=Ready node/n1 --timeout=15s');
    await server.requests.waitFor({ verb: 'watch', resource: 'nodes' }, 1, COMMAND_LIMIT_MS);
    server.objects.patch('nodes', 'n1', { status: { conditions: [{ type: 'Ready', status: 'True' }] } });
    expect(await waiting).toBe('node/n1 condition met');
    expect(await kubectl('get nodes')).toMatch(/n1 +Ready/);
    expect(await kubectl('delete node n1 --timeout=15s')).toContain('"n1" deleted');
    expect(server.objects.get('nodes', 'n1')).toBeUndefined();
  });

  it('follows changes', async () => {
    const child = spawn(KUBECTL, ['get', 'svc', '-n', 'demo', '-w'], { env: environment(), timeout: COMMAND_LIMIT_MS });
    try {
      const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
      const next = async () => (await lines.next()).value;
      expect(await next()).toMatch(/^NAME +TYPE +CLUSTER-IP/);
      expect(await next()).toMatch(/^web +NodePort/);
      server.objects.apply({
        kind: 'Service',
        metadata: { name: 'new', namespace: 'demo' },
        spec: { ports: [{ port: 1 }] },
      });
      expect(await next()).toMatch(/^new +ClusterIP +10\.96\.1\.\d+ +<none> +1\/TCP/);
    } finally {
      child.kill();
    }
  });

  it('deletes by manifest, and namespaces with what is in them', async () => {
    expect(await kubectl('delete -f service.yaml')).toContain('service "web" deleted');
    expect(server.objects.get('services', 'demo/web')).toBeUndefined();
    expect(await kubectl('delete namespace demo --timeout=15s')).toContain('namespace "demo" deleted');
    expect(server.objects.list('configmaps', 'demo')).toEqual([]);
  });
});
