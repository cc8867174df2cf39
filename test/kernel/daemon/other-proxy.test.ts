import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { runDaemon } from './daemon-process.ts';
import { LabNode } from './lab-node.ts';
import { list, service } from './manifests.ts';

jest.setTimeout(180_000);

const node = new LabNode();
const manifests = `--manifests=${node.write('objects.json', list(service('web', '10.96.0.1')))}`;
const now = new Date().toISOString();
const kubeProxy = [
  answering(10_249, 'ipvs'),
  answering(10_256, JSON.stringify({ lastUpdated: now, currentTime: now, nodeEligible: true })),
];

beforeAll(async () => {
  await node.shell.run(`cp "$(readlink -f "$(command -v sleep)")" ${node.directory}/kube-proxy`);
  await node.shell.run(`${node.directory}/kube-proxy 600 >/dev/null 2>&1 & echo $! >${node.directory}/pid`);
});

afterAll(async () => {
  for (const server of kubeProxy) server.closeAllConnections();
  for (const server of kubeProxy) server.close();
  await node.shell.run(`kill "$(cat ${node.directory}/pid)"`);
  node.close();
});

it('a start beside a kube-proxy that is alive ends with exit code 1, the reason and the remedies, and writes nothing', async () => {
  const { exit, errors } = await runDaemon({ args: [manifests] });
  expect({ exit, errors }).toEqual({ exit: 1, errors: [expect.stringContaining('another Service proxy is at work')] });
  const pid = await node.shell.run(`cat ${node.directory}/pid`);
  for (const sign of [
    `process ${pid.trim()}`,
    '127.0.0.1:10249 answers /proxyMode with ipvs',
    '127.0.0.1:10256 answers /healthz with status 200',
    'take it off this node first, or set operation: takeover',
    'operation: observe',
    'otherProxy: ignore',
  ]) {
    expect(errors[0]?.replaceAll(';', ',')).toContain(sign);
  }
  expect(await node.isUntouched()).toBe(true);
});

function answering(port: number, body: string): Server {
  return createServer((_request, response) => response.end(body)).listen(port, '127.0.0.1');
}
