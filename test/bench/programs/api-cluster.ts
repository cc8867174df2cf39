import { writeFileSync } from 'node:fs';
import { startApiServer } from '../../support/api-server/start-api-server.ts';
import { endpointSlice, service } from '../cluster-json.ts';
import { printResult } from '../print-result.ts';

// An API server with a synthetic cluster, over TLS and with a token. Prints a line when it is ready, then serves.
//   node api-cluster.ts SERVICES ENDPOINTS KUBECONFIG to write

const services = Number(process.argv[2]);
const endpoints = Number(process.argv[3]);
const server = await startApiServer({
  tokens: ['bench'],
  serviceCidrs: ['10.96.0.0/12'],
  withKubernetesService: true,
  log: (line) => process.stderr.write(`${line}\n`),
});
for (let index = 0; index < services; index++) {
  server.objects.apply(withoutVersion(service(index + 256, 1)));
  server.objects.apply(withoutVersion(endpointSlice(index + 256, 1, endpoints)));
}
writeFileSync(process.argv[4] ?? '', server.kubeconfig);
printResult({ url: server.url });

/** The server gives versions itself. */
function withoutVersion(object: object) {
  const { metadata, ...rest } = object as { metadata: Record<string, unknown>; kind: string };
  const { resourceVersion: _given, uid: _also, ...kept } = metadata;
  return { ...rest, metadata: kept };
}
