import { afterEach, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import type { KubernetesObject } from '../../../support/api-server/objects/kubernetes-object.ts';
import type { Status } from '../../../support/api-server/objects/status.ts';
import type { ObjectList, PlainRequest } from '../../../support/api-server/plain-client.ts';
import { call } from '../../../support/api-server/plain-client.ts';
import type { ApiServer, ApiServerOptions } from '../../../support/api-server/start-api-server.ts';
import { startApiServer } from '../../../support/api-server/start-api-server.ts';

let server: ApiServer | undefined;

afterEach(async () => {
  await server?.stop();
  server = undefined;
});

async function start(options: ApiServerOptions = { tls: false }): Promise<ApiServer> {
  server = await startApiServer(options);
  return server;
}

const SERVICES = '/api/v1/namespaces/default/services';

function service(name: string, spec: object = { ports: [{ port: 80 }] }): KubernetesObject {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec };
}

describe('reading', () => {
  it('lists what there is, by namespace and selector, in the order of the keys', async () => {
    const { url, objects } = await start();
    for (const name of ['b', 'a', 'c']) {
      const metadata = { name, labels: name === 'c' ? { skip: '' } : {} };
      objects.apply({ kind: 'Service', metadata, spec: { ports: [{ port: 80 }] } });
    }
    objects.apply({ kind: 'Service', metadata: { name: 'x', namespace: 'other' }, spec: { ports: [{ port: 80 }] } });
    const { body } = await call<ObjectList>(`${url}${SERVICES}?labelSelector=!skip`);
    expect(body).toMatchObject({ kind: 'ServiceList', metadata: { resourceVersion: String(objects.revision) } });
    expect(body.items.map((item) => item.metadata.name)).toEqual(['a', 'b']);
    expect((await call<ObjectList>(`${url}/api/v1/services`)).body.items).toHaveLength(4);
  });

  it('lists in pages that show the state of the first one', async () => {
    const { url, objects } = await start();
    for (let index = 0; index < 5; index += 1) objects.apply({ kind: 'ConfigMap', metadata: { name: `m${index}` } });
    const path = `${url}/api/v1/configmaps?limit=2`;
    const first = await call<ObjectList>(path);
    expect(first.body.metadata.remainingItemCount).toBe(3);
    objects.delete('configmaps', 'default/m3');
    objects.apply({ kind: 'ConfigMap', metadata: { name: 'm2x' } });
    const second = await call<ObjectList>(`${path}&continue=${first.body.metadata.continue}`);
    const third = await call<ObjectList>(`${path}&continue=${second.body.metadata.continue}`);
    const pages = [first, second, third].map(({ body }) => body.items.map((item) => item.metadata.name));
    expect(pages).toEqual([['m0', 'm1'], ['m2', 'm3'], ['m4']]);
    expect(third.body.metadata).toEqual({ resourceVersion: first.body.metadata.resourceVersion });
  });

  it('answers 410 when the state of a page is forgotten', async () => {
    const { url, objects, faults } = await start();
    for (let index = 0; index < 3; index += 1) objects.apply({ kind: 'ConfigMap', metadata: { name: `m${index}` } });
    const { body } = await call<ObjectList>(`${url}/api/v1/configmaps?limit=2`);
    faults.expireHistory();
    const next = await call<Status>(`${url}/api/v1/configmaps?limit=2&continue=${body.metadata.continue}`);
    expect(next).toMatchObject({ code: 410, body: { kind: 'Status', reason: 'Expired', code: 410 } });
  });

  it('does not cut lists at version 0, and answers 504 for versions to come', async () => {
    const { url, objects } = await start();
    for (let index = 0; index < 3; index += 1) objects.apply({ kind: 'ConfigMap', metadata: { name: `m${index}` } });
    const all = await call<ObjectList>(`${url}/api/v1/configmaps?limit=2&resourceVersion=0`);
    expect(all.body.items).toHaveLength(3);
    const future = await call<Status>(`${url}/api/v1/configmaps?resourceVersion=${objects.revision + 5}`);
    expect(future).toMatchObject({ code: 504, body: { reason: 'Timeout', details: { retryAfterSeconds: 1 } } });
    expect(future.headers['retry-after']).toBe('1');
  });

  it('compresses large answers for clients that accept it', async () => {
    const { url, objects } = await start({ tls: false, gzipThresholdBytes: 5000 });
    objects.apply({ kind: 'ConfigMap', metadata: { name: 'big' }, data: { text: 'x'.repeat(6000) } });
    const headers = { 'accept-encoding': 'gzip' };
    const big = await call(`${url}/api/v1/namespaces/default/configmaps/big`, { headers });
    expect(big.headers['content-encoding']).toBe('gzip');
    expect(big.body['data']).toEqual({ text: 'x'.repeat(6000) });
    expect(Number(big.headers['content-length'])).toBeLessThan(1000);
    const small = await call(`${url}/api/v1/namespaces/default`, { headers });
    expect(small.headers['content-encoding']).toBeUndefined();
  });

  it('gives tables and metadata alone', async () => {
    const { url } = await start();
    const table = { headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' } };
    expect((await call(`${url}/api/v1/namespaces`, table)).body).toMatchObject({
      kind: 'Table',
      columnDefinitions: [{ name: 'Name' }, {}, {}],
    });
    const metadata = { headers: { accept: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io' } };
    const { body } = await call<ObjectList>(`${url}/api/v1/namespaces`, metadata);
    expect(body.kind).toBe('PartialObjectMetadataList');
    expect(body.items[0]).not.toHaveProperty('spec');
  });

  it('answers 404 for unknown paths and objects, 400 for bad selectors', async () => {
    const { url } = await start();
    expect(await call(`${url}/api/v1/secrets`)).toMatchObject({
      code: 404,
      body: { kind: 'Status', reason: 'NotFound' },
    });
    expect((await call<Status>(`${url}${SERVICES}/none`)).body).toMatchObject({
      code: 404,
      message: 'services "none" not found',
      details: { name: 'none', kind: 'services' },
    });
    expect((await call(`${url}/api/v1/services?labelSelector=a=b=c`)).code).toBe(400);
    expect((await call(`${url}/api/v1/services?fieldSelector=spec.x=1`)).code).toBe(400);
  });
});

describe('writing', () => {
  it('creates, replaces and deletes', async () => {
    const { url } = await start();
    const created = await call(`${url}${SERVICES}`, { method: 'POST', body: service('web') });
    expect(created).toMatchObject({
      code: 201,
      body: { spec: { clusterIP: '10.96.1.1' }, status: { loadBalancer: {} } },
    });
    const again = await call<Status>(`${url}${SERVICES}`, { method: 'POST', body: service('web') });
    expect(again).toMatchObject({ code: 409, body: { reason: 'AlreadyExists' } });
    const replaced = await call(`${url}${SERVICES}/web`, {
      method: 'PUT',
      body: service('web', { ports: [{ port: 81 }] }),
    });
    expect(replaced).toMatchObject({ code: 200, body: { spec: { clusterIP: '10.96.1.1', ports: [{ port: 81 }] } } });
    const old = { method: 'PUT', body: created.body };
    expect(await call(`${url}${SERVICES}/web`, old)).toMatchObject({ code: 409, body: { reason: 'Conflict' } });
    const deleted = await call<Status>(`${url}${SERVICES}/web`, { method: 'DELETE' });
    expect(deleted).toMatchObject({
      code: 200,
      body: { status: 'Success', details: { name: 'web', kind: 'services' } },
    });
    expect((await call(`${url}${SERVICES}/web`)).code).toBe(404);
  });

  it('writes the status through its subresource only', async () => {
    const { url } = await start();
    const body = { ...service('web'), status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } } };
    const created = await call(`${url}${SERVICES}`, { method: 'POST', body });
    expect(created.body['status']).toEqual({ loadBalancer: {} });
    const changed = { ...body, spec: { ports: [{ port: 99 }] } };
    const updated = await call(`${url}${SERVICES}/web/status`, { method: 'PUT', body: changed });
    expect(updated.body).toMatchObject({
      spec: { ports: [{ port: 80 }] },
      status: { loadBalancer: { ingress: [{ ip: '192.0.2.1', ipMode: 'VIP' }] } },
    });
  });

  it('answers 422 with the findings', async () => {
    const { url } = await start();
    const { code, body } = await call<Status>(`${url}${SERVICES}`, {
      method: 'POST',
      body: service('web', { ports: [{ port: 0 }] }),
    });
    expect(code).toBe(422);
    expect(body.details?.causes).toEqual([
      {
        field: 'spec.ports[0].port',
        reason: 'FieldValueInvalid',
        message: 'Invalid value: 0: must be between 1 and 65535, inclusive',
      },
      expect.objectContaining({ field: 'spec.ports[0].targetPort' }),
    ]);
  });

  it('stores nothing in a dry run', async () => {
    const { url, objects } = await start();
    const { revision } = objects;
    const answer = await call(`${url}${SERVICES}?dryRun=All`, { method: 'POST', body: service('web') });
    expect(answer).toMatchObject({ code: 201, body: { spec: { clusterIP: '10.96.1.1' } } });
    expect(objects.revision).toBe(revision);
  });

  it('refuses bodies it cannot read', async () => {
    const { url } = await start();
    const post = (body: string | object, type: string): PlainRequest => ({
      method: 'POST',
      body,
      headers: { 'content-type': type },
    });
    expect((await call(`${url}${SERVICES}`, post('k8s', 'application/vnd.kubernetes.protobuf'))).code).toBe(415);
    expect((await call(`${url}${SERVICES}`, post('{', 'application/json'))).code).toBe(400);
    expect((await call(`${url}${SERVICES}`, post('[]', 'application/json'))).code).toBe(400);
    expect((await call(`${url}${SERVICES}`, post({ ...service('web'), kind: 'Pod' }, 'application/json'))).code).toBe(
      400,
    );
    const yaml = 'metadata: {name: web}\nspec: {ports: [{port: 80}]}';
    expect((await call(`${url}${SERVICES}`, post(yaml, 'application/yaml'))).code).toBe(201);
  });

  it('needs the namespace', async () => {
    const { url } = await start();
    const answer = await call<Status>(`${url}/api/v1/namespaces/none/services`, {
      method: 'POST',
      body: service('web'),
    });
    expect(answer.body.message).toBe('namespaces "none" not found');
  });

  it('deletes selected objects of a collection', async () => {
    const { url, objects } = await start();
    objects.apply({ kind: 'ConfigMap', metadata: { name: 'a', labels: { go: '' } } });
    objects.apply({ kind: 'ConfigMap', metadata: { name: 'b' } });
    await call(`${url}/api/v1/namespaces/default/configmaps?labelSelector=go`, { method: 'DELETE' });
    expect(objects.list('configmaps').map((item) => item.metadata.name)).toEqual(['b']);
  });

  it('shows an event of one API in the other', async () => {
    const { url } = await start();
    const body = { metadata: { name: 'e' }, regarding: { kind: 'Node', name: 'n1' }, note: 'hello' };
    await call(`${url}/apis/events.k8s.io/v1/namespaces/default/events`, { method: 'POST', body });
    const found = await call<ObjectList>(`${url}/api/v1/events?fieldSelector=involvedObject.name=n1`);
    expect(found.body.items).toEqual([expect.objectContaining({ message: 'hello', involvedObject: body.regarding })]);
  });
});

describe('who may ask', () => {
  it('accepts the present tokens only', async () => {
    const guarded = await start({ tokens: ['one'] });
    const { url, ca } = guarded;
    const ask = (token?: string) => {
      const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
      return call<Status>(`${url}/api/v1/nodes`, { ca, headers });
    };
    expect(await ask()).toMatchObject({ code: 401, body: { reason: 'Unauthorized', message: 'Unauthorized' } });
    expect((await ask('one')).code).toBe(200);
    guarded.setTokens(['two']);
    expect((await ask('one')).code).toBe(401);
    expect((await ask('two')).code).toBe(200);
  });

  it('accepts client certificates of its own authority', async () => {
    const running = await start({ clientCertificates: true });
    const { url, ca } = running;
    const { certificate: cert, key } = running.issueClientCertificate('node', ['system:nodes']);
    expect((await call(`${url}/api/v1/nodes`, { ca })).code).toBe(401);
    expect((await call(`${url}/api/v1/nodes`, { ca, cert, key })).code).toBe(200);
    running.rotateCertificate({ newAuthority: true });
    const after = { ca: running.ca, cert, key };
    expect((await call(`${url}/api/v1/nodes`, after)).code).toBe(401);
  });

  it('shows a new certificate after a rotation', async () => {
    const running = await start({});
    const old = running.ca;
    running.rotateCertificate();
    expect((await call(`${running.url}/api/v1/nodes`, { ca: old })).code).toBe(200);
    running.rotateCertificate({ newAuthority: true });
    await expect(call(`${running.url}/api/v1/nodes`, { ca: old })).rejects.toThrow(/certificate/);
    expect((await call(`${running.url}/api/v1/nodes`, { ca: running.ca })).code).toBe(200);
  });

  it('writes kubeconfigs', async () => {
    const running = await start({ tokens: ['one'] });
    const authority = Buffer.from(running.ca ?? '').toString('base64');
    expect(parse(running.kubeconfig)).toMatchObject({
      'current-context': 'local',
      clusters: [{ cluster: { server: running.url, 'certificate-authority-data': authority } }],
      users: [{ user: { token: 'one' } }],
    });
    expect(parse(running.kubeconfigFor({ tokenFile: '/t', server: 'https://other' }))).toMatchObject({
      clusters: [{ cluster: { server: 'https://other' } }],
      users: [{ user: { tokenFile: '/t' } }],
    });
  });
});

describe('first objects', () => {
  it('has namespaces, the service range and the kubernetes Service on demand', async () => {
    const { objects } = await start({ tls: false, withKubernetesService: true, serviceCidrs: ['fd00:1::/112'] });
    expect(objects.get('namespaces', 'kube-system')).toBeDefined();
    expect(objects.get('servicecidrs', 'kubernetes')?.['spec']).toEqual({ cidrs: ['fd00:1::/112'] });
    expect(objects.get('services', 'default/kubernetes')?.['spec']).toMatchObject({ clusterIP: 'fd00:1::1' });
  });

  it('applies YAML with several documents', async () => {
    const { objects } = await start();
    objects.applyYaml(
      'kind: Node\nmetadata: {name: n1}\n---\n# nothing\n---\nkind: ConfigMap\nmetadata: {name: a, namespace: new}\n',
    );
    expect(objects.get('nodes', 'n1')).toBeDefined();
    expect(objects.get('configmaps', 'new/a')).toBeDefined();
    expect(() => objects.applyYaml('a: [')).toThrow('manifest is not YAML');
  });
});
