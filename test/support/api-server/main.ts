#!/usr/bin/env node
// A Kubernetes API server for trying things out: everything in memory, nothing to install. Prints `ready <url>`.
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startEndpointController } from '../endpoint-controller/start-endpoint-controller.ts';
import type { ApiServer, ApiServerOptions } from './start-api-server.ts';
import { startApiServer } from './start-api-server.ts';

const USAGE = `usage: node test/support/api-server/main.ts [options]
  --host ADDRESS           listen here (127.0.0.1)
  --port NUMBER            listen on this port (0: a free one)
  --tls, --no-tls          HTTPS with a certificate made at the start (default), or plain HTTP
  --san NAME               another host name or address of the certificate; may be repeated
  --token TOKEN            accept this bearer token only; may be repeated
  --service-cidr CIDR      range of cluster IPs, first the primary family; may be repeated
  --node-port-range L-H    node ports (30000-32767)
  --kubernetes-service     create the Service default/kubernetes
  --endpoint-controller    keep EndpointSlices as the pods are
  --manifest FILE          apply a YAML file at the start, status included; may be repeated
  --kubeconfig FILE        write a kubeconfig file
  --ca FILE                write the certificate of the authority
  --log                    print a line per request to standard error
  --help                   print this text`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    allowNegative: true,
    options: {
      host: { type: 'string', default: '127.0.0.1' },
      port: { type: 'string', default: '0' },
      tls: { type: 'boolean', default: true },
      san: { type: 'string', multiple: true, default: [] },
      token: { type: 'string', multiple: true, default: [] },
      'service-cidr': { type: 'string', multiple: true },
      'node-port-range': { type: 'string', default: '30000-32767' },
      'kubernetes-service': { type: 'boolean', default: false },
      'endpoint-controller': { type: 'boolean', default: false },
      manifest: { type: 'string', multiple: true, default: [] },
      kubeconfig: { type: 'string' },
      ca: { type: 'string' },
      log: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  const serviceCidrs = values['service-cidr'];
  const options: ApiServerOptions = {
    host: values.host,
    port: portNumber(values.port),
    tls: values.tls,
    subjectAltNames: values.san,
    tokens: values.token,
    nodePortRange: values['node-port-range'],
    withKubernetesService: values['kubernetes-service'],
    ...(serviceCidrs === undefined ? {} : { serviceCidrs }),
    ...(values.log ? { log: (line: string) => console.error(line) } : {}),
  };
  const server = await startApiServer(options);
  if (values['endpoint-controller']) startEndpointController({ objects: server.objects });
  for (const file of values.manifest) server.objects.applyYaml(readFileSync(file, 'utf8'));
  if (values.kubeconfig !== undefined) writeFileSync(values.kubeconfig, server.kubeconfig, { mode: 0o600 });
  if (values.ca !== undefined) writeFileSync(values.ca, server.ca ?? '');
  stopOnSignals(server);
  console.log(`ready ${server.url}`);
}

function portNumber(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new Error(`--port ${text} is no port number (0 to 65535)`);
  return port;
}

function stopOnSignals(server: ApiServer): void {
  const stop = () => void server.stop().then(() => process.exit(0));
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
