import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, jest } from '@jest/globals';
import { openEvents } from '../../../src/app/serving/open-events.ts';
import { silentLog } from '../../../src/observe/log.ts';
import type { ObjectSink } from '../../../src/kubernetes/source.ts';
import { ApiSource } from '../../../src/kubernetes/watch/api-source.ts';
import { ApiError } from '../../../src/kubernetes/watch/errors.ts';
import type { ApiClient } from '../../../src/kubernetes/watch/kube-client.ts';
import { render } from '../../support/charts/helm.ts';
import { ManualClock } from '../../support/manual-clock.ts';

jest.setTimeout(60_000);

/** What a release may do ahead of the code; see the comment in the role. */
const grantedAhead = ['list networking.k8s.io/servicecidrs', 'watch networking.k8s.io/servicecidrs'];

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

/** A right as a line, e.g. `list discovery.k8s.io/endpointslices`. */
function right(verb: string, resource: string): string {
  return `${verb} ${resource}`;
}

/** The resource of a request path, e.g. `discovery.k8s.io/endpointslices`; that of the core group is `/services`. */
function resourceOf(path: string): string {
  const { group, resource, name } = partsOf(path);
  if (name !== undefined) throw new Error(`${path} is no path of a collection`);
  return `${group}/${resource}`;
}

function partsOf(path: string) {
  const pattern = /^\/(?:api|apis\/([^/]+))\/v[^/]+\/(?:namespaces\/[^/]+\/)?([a-z]+)(?:\/([^/]+))?$/;
  const [, group = '', resource, name] = pattern.exec(new URL(path, 'http://server').pathname) ?? [];
  if (resource === undefined) throw new Error(`${path} is no path of a resource`);
  return { group, resource, name };
}

/** Notes every request, and answers so that the program goes on to the next one. */
class RecordingClient implements ApiClient {
  readonly rights = new Set<string>();

  async getJson(path: string) {
    this.rights.add(right('list', resourceOf(path)));
    return { value: { metadata: { resourceVersion: '1' }, items: [] }, sizeBytes: 2 };
  }

  async sendJson(method: string, path: string) {
    const verbs: Readonly<Record<string, string>> = { POST: 'create', PUT: 'update', PATCH: 'patch' };
    this.rights.add(right(verbs[method] ?? method, resourceOf(path)));
    return { value: {}, sizeBytes: 2 };
  }

  openStream(path: string, { signal }: { readonly signal: AbortSignal }) {
    const { searchParams } = new URL(path, 'http://server');
    this.rights.add(right(searchParams.has('watch') ? 'watch' : 'list', resourceOf(path)));
    // a server without watch-list, and then a watch on which nothing happens
    if (searchParams.has('sendInitialEvents')) return Promise.reject(refusal());
    return new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(new Error('aborted')));
    });
  }
}

function refusal(): Error {
  return new ApiError('GET', 400, 'BadRequest', 'not supported');
}

const nothing = () => {};
const sink: ObjectSink = {
  updateService: nothing,
  deleteService: nothing,
  replaceServices: nothing,
  updateEndpointSlice: nothing,
  deleteEndpointSlice: nothing,
  replaceEndpointSlices: nothing,
  updateNode: nothing,
  deleteNode: nothing,
  replaceNodes: nothing,
};

/** Rights that the daemon's requests need, from running what makes them. */
async function rightsInUse(): Promise<readonly string[]> {
  const client = new RecordingClient();
  const clock = new ManualClock();
  const shared = { client, clock, log: silentLog, nodeName: 'node' };
  const source = new ApiSource({ ...shared, sink, random: () => 0 });
  source.start();
  const events = openEvents(shared);
  const regarding = { apiVersion: 'v1', kind: 'Service', namespace: 'shop', name: 'web', uid: '' };
  events.write({ type: 'Warning', reason: 'R', action: 'A', note: '', regarding, scope: 'node' });
  for (let round = 0; round < 50; round += 1) {
    await clock.advance(1_000);
  }
  await events.stop();
  source.stop();
  return [...client.rights].toSorted();
}

async function rulesOf(kind: string): Promise<readonly Rule[]> {
  const manifests = await render({ set: ['apiServer.host=10.0.0.10'] });
  return manifests
    .filter((manifest) => manifest.kind === kind)
    .flatMap((manifest) => (manifest as unknown as { rules: readonly Rule[] }).rules);
}

describe('the ClusterRole', () => {
  it('grants what the program asks for, no less and no more', async () => {
    const rules = await rulesOf('ClusterRole');
    const granted = rules.flatMap(({ apiGroups, resources, verbs }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) => verbs.map((verb) => right(verb, `${group}/${resource}`))),
      ),
    );
    const needed = await rightsInUse();
    expect(needed.length).toBeGreaterThanOrEqual(7);
    expect(granted.toSorted()).toEqual([...new Set([...needed, ...grantedAhead])].toSorted());
  });

  it('knows every path of the API that stands in the source, that of tools included', () => {
    const paths = sourceTexts().flatMap((text) =>
      [...text.matchAll(/[`'"](\/apis?\/[^`'"?]*)/g)].map(([, path]) => path),
    );
    const asked = paths.map((path = '') => {
      const { group, resource, name } = partsOf(path.replaceAll(/\$\{[^}]*\}/g, 'x'));
      return `${name === undefined ? 'collection' : 'object'} ${group}/${resource}`;
    });
    expect([...new Set(asked)].toSorted()).toEqual([
      'collection /nodes',
      'collection /services',
      'collection discovery.k8s.io/endpointslices',
      'collection events.k8s.io/events',
    ]);
  });
});

it('the role of the tests may read the two Services of the tests and nothing else', async () => {
  expect(await rulesOf('Role')).toEqual([
    {
      apiGroups: [''],
      resources: ['services'],
      resourceNames: ['ipvs-proxier-test-node-port', 'ipvs-proxier-test-local'],
      verbs: ['get'],
    },
  ]);
});

function sourceTexts(): readonly string[] {
  const source = join(__dirname, '..', '..', '..', 'src');
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  return files.map((name) => readFileSync(join(source, name), 'utf8'));
}
