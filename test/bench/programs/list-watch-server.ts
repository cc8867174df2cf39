import { createServer } from 'node:https';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ServerIdentity } from '../../support/api-server/tls/server-identity.ts';
import type { Burst } from '../api-run.ts';
import type { ClusterSize } from '../cluster-json.ts';
import { endpointSlice, service } from '../cluster-json.ts';

// A process that streams the lists of a synthetic cluster and, when its parent says so, a burst of changes.
// It prepares all text beforehand, so that it is never what is waited for.

const size: ClusterSize = { services: Number(process.argv[2]), endpointsPerService: Number(process.argv[3]) };
const identity = new ServerIdentity(['127.0.0.1']);
const watches = new Map<string, ServerResponse>();

const line = (type: string, object: object) => Buffer.from(`${JSON.stringify({ type, object })}\n`);

function lines(type: string, revision: number, make: (index: number, revision: number) => object): Buffer {
  return Buffer.concat(Array.from({ length: size.services }, (_, index) => line(type, make(index, revision + index))));
}

const makers: ReadonlyMap<string, (index: number, revision: number) => object> = new Map([
  ['services', service],
  ['endpointslices', (index, revision) => endpointSlice(index, revision, size.endpointsPerService)],
]);
const lists = new Map([...makers].map(([resource, make]) => [resource, lines('ADDED', 1, make)]));
const endMark = line('BOOKMARK', {
  metadata: { resourceVersion: '1000000', annotations: { 'k8s.io/initial-events-end': 'true' } },
});

const server = createServer({ cert: identity.server.certificate, key: identity.server.key }, (request, response) => {
  const resource = /\/(\w+)\?/.exec(request.url ?? '')?.[1] ?? '';
  response.writeHead(200, { 'Content-Type': 'application/json' });
  response.write(Buffer.concat([lists.get(resource) ?? Buffer.alloc(0), endMark]));
  watches.set(resource, response);
});

/** Every slice gets an endpoint more, then loses it again. */
function endpointChanges(): Buffer {
  const withExtra = (index: number, revision: number) =>
    endpointSlice(index, revision, size.endpointsPerService, { extraPod: 500_000 + index });
  const without = (index: number, revision: number) => endpointSlice(index, revision, size.endpointsPerService);
  return Buffer.concat([lines('MODIFIED', 2_000_000, withExtra), lines('MODIFIED', 3_000_000, without)]);
}

const bursts: Readonly<Record<Burst, () => void>> = {
  allObjects: () => {
    for (const [resource, make] of makers) {
      watches
        .get(resource)
        ?.write(Buffer.concat([lines('MODIFIED', 2_000_000, make), lines('MODIFIED', 3_000_000, make)]));
    }
  },
  endpoints: () => {
    watches.get('endpointslices')?.write(endpointChanges());
  },
};

process.on('message', (burst: Burst) => bursts[burst]());

server.listen(0, '127.0.0.1', () => {
  const listBytes = [...lists.values()].reduce((sum, text) => sum + text.length, 0);
  process.send?.({ port: (server.address() as AddressInfo).port, ca: identity.ca, listBytes });
});
