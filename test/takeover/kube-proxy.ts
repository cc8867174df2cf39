// Stands in for a living kube-proxy: its name in the process table, its two ports, and nothing else. The kernel is as
// the real one left it; see `upstream-state.ts`.
import { createServer } from 'node:http';

process.title = 'kube-proxy';
const health = createServer((_request, response) => {
  const now = new Date().toISOString();
  response.end(JSON.stringify({ lastUpdated: now, currentTime: now, nodeEligible: true }));
});
const metrics = createServer((request, response) => {
  if (request.url === '/proxyMode') response.end('ipvs');
  else response.writeHead(404).end();
});
health.listen(10_256, () => metrics.listen(10_249, '127.0.0.1', () => process.stdout.write('ready\n')));
process.once('SIGTERM', () => process.exit(0));
