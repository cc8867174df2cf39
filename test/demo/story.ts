// The tour that "make demo" runs inside the kernel lab: Kubernetes Services through IPVS on a real kernel.
// usage: story.ts [--keep] [--output FILE]
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { ClientRequest } from './client-process.ts';
import { Cluster, nodeName } from './cluster.ts';
import { explainChapter } from './explain-chapter.ts';
import { boundAddresses, kernelState, realServersOf } from './kernel-view.ts';
import { ProxierProcess } from './proxier-process.ts';
import { Report } from './report.ts';
import { nodeAddress, run } from './world.ts';

const { values } = parseArgs({ options: { keep: { type: 'boolean', default: false }, output: { type: 'string' } } });
process.chdir(join(import.meta.dirname, '..', '..'));
const report = new Report();
const web = '10.96.0.80:80';
const nodePort = `${nodeAddress.IPv4}:30080`;
const webIpv6 = '[fd00:10:96::85]:80';
const proxierFlags = [
  '--proxy-mode=ipvs',
  '--cluster-cidr=10.244.0.0/16,fd00:10:244::/56',
  `--hostname-override=${nodeName}`,
];

report.chapter('A cluster of one node: an API server, three pods, a client outside');
const cluster = await Cluster.start(report);
const { backends, world } = cluster;
const logFile = join(cluster.directory, 'ipvs-proxier.log');
const proxier = new ProxierProcess({ args: [...proxierFlags, `--kubeconfig=${cluster.kubeconfig}`], logFile });
try {
  await tour();
} catch (error) {
  report.check('the tour came to its end', false, error instanceof Error ? error.message : String(error));
}
report.table();
if (values.output !== undefined) report.writeCounts(values.output);
if (report.failures > 0) console.log(`\nThe end of the proxier's log:\n${proxier.logTail()}`);
if (values.keep) await shell();
await proxier.stop();
cluster.stop();
process.exit(report.failures === 0 ? 0 : 1);

async function tour(): Promise<void> {
  await cluster.kubectl('apply', '-f', 'test/demo/manifests.yaml');
  await settled('the pods run', () => backends.isSettled && backends.names.length === 3);
  await cluster.kubectl('get', 'pods', '-o', 'wide');
  await cluster.kubectl('get', 'services');

  report.chapter('The proxier starts and programs the kernel');
  await startProxier();
  await kernelShown();

  const node = world.client('node');
  const outside = world.client('outside');
  const pod = world.client('pod-1');

  report.chapter('Ten requests to web-service spread over three pods');
  const spread = await asked(node, 'curl http://10.96.0.80/', { url: 'http://10.96.0.80/', count: 10 });
  report.check('web-service: ten requests, answered by all three pods', isSpreadOver(3, spread), tally(spread));

  report.chapter('A pod reaches the Service it belongs to, also when the answer is its own');
  const own = await asked(pod, 'curl http://10.96.0.80/', { url: 'http://10.96.0.80/', count: 6 }, 'pod-1');
  report.check('web-service from one of its pods', isSpreadOver(3, own), tally(own));

  report.chapter('sticky-service keeps a client on one pod');
  const sticky = await asked(node, 'curl http://10.96.0.82/', { url: 'http://10.96.0.82/', count: 8 });
  report.check('sticky-service: one pod for one client', isSpreadOver(1, sticky), tally(sticky));

  report.chapter('The node port, from outside the cluster');
  const nodePortUrl = `http://${nodePort}/`;
  const fromOutside = await asked(outside, `curl ${nodePortUrl}`, { url: nodePortUrl, count: 6 }, 'outside');
  report.check('web-nodeport from outside', isSpreadOver(3, fromOutside), tally(fromOutside));

  report.chapter('A Service without endpoints refuses at once');
  const refused = await asked(node, 'curl http://10.96.0.83/', { url: 'http://10.96.0.83/', count: 1 });
  report.check('no-endpoints-svc: connection refused', refused[0] === 'error: ECONNREFUSED', String(refused[0]));

  report.chapter('UDP, and IPv6');
  const udpServer = { host: '10.96.0.84', port: 53 };
  const udp = await asked(node, 'echo hello > /dev/udp/10.96.0.84/53', { udp: udpServer, count: 6 });
  report.check('udp-service answers', isSpreadOver(3, udp), tally(udp));
  const ipv6Url = 'http://[fd00:10:96::85]/';
  const ipv6 = await asked(pod, `curl ${ipv6Url}`, { url: ipv6Url, count: 6 }, 'pod-1');
  report.check('dual-service answers over IPv6', isSpreadOver(3, ipv6), tally(ipv6));

  report.chapter('The proxier stops: traffic goes on');
  const before = kernelState();
  report.command('kill -TERM "$(pidof ipvs-proxier)"');
  const exit = await proxier.stop();
  report.check('SIGTERM ends it with exit code 0', exit === 0, `exit ${exit}`);
  const without = await asked(node, 'curl http://10.96.0.80/', { url: 'http://10.96.0.80/', count: 6 });
  report.check('Services answer while it is away', isSpreadOver(3, without), tally(without));

  report.chapter('It starts again: nothing to write');
  await startProxier();
  const writes = await shownOperations();
  report.check('a restart writes nothing, of any kind', total(writes) === 0, `${total(writes)} writes`);
  report.check('the kernel is as it was before the stop', kernelState() === before, 'ipvsadm, ip, ipset, iptables');

  report.chapter('Five pods instead of three');
  await scaleTo(5);
  await settled('five pods are in service', () => allHave(5));
  const five = await asked(node, 'curl http://10.96.0.80/', { url: 'http://10.96.0.80/', count: 15 });
  report.check('scaled to five: all five answer', isSpreadOver(5, five), tally(five));

  report.chapter('Back to three, with requests all the time and slow ones in flight on every pod');
  const slow = outside.ask({ url: `${nodePortUrl}slow`, count: 10, atOnce: true });
  const during = await node.askDuring('http://10.96.0.80/', async () => {
    await settled('every pod has two slow requests', () =>
      realServersOf(nodePort).every(({ activeConnections }) => activeConnections === 2),
    );
    await scaleTo(3);
    const leaving = () => realServersOf(nodePort).filter(({ weight }) => weight === 0);
    await settled('the leaving pods take nothing new', () => allHave(3) && leaving().length === 2);
    show('ipvsadm', '-Ln', '-t', nodePort);
    const held = leaving().map(({ activeConnections }) => activeConnections);
    report.check(
      'leaving pods have weight 0 and keep connections',
      held.join() === '2,2',
      `${held.join(' and ')} active`,
    );
    world.answerSlowRequests();
    await podsReplaced();
  });
  report.check(
    'scaling down: no request fails',
    noErrors(during),
    `${during.length} requests, ${failuresOf(during)} failed`,
  );
  const finished = await slow;
  report.command(`ip netns exec outside curl ${nodePortUrl}slow   # 10 at once, begun before`);
  report.output(finished.join(' '));
  report.check('requests in flight on leaving pods are finished', isSpreadOver(5, finished), tally(finished));

  report.chapter('A pod is deleted under load, and replaced');
  const replaced = await node.askDuring('http://10.96.0.80/', async () => {
    await cluster.kubectl('delete', 'pod', 'pod-2', '--wait=false');
    await podsReplaced();
  });
  const outcome = `${replaced.length} requests, ${failuresOf(replaced)} failed`;
  report.check('a pod goes under load: no request fails', noErrors(replaced), outcome);
  const after = await asked(node, 'curl http://10.96.0.80/', { url: 'http://10.96.0.80/', count: 9 });
  report.check('its replacement answers', isSpreadOver(3, after) && after.includes('pod-6'), tally(after));

  await explainChapter({ report, cluster, settled });
}

async function startProxier(): Promise<void> {
  report.command(`ipvs-proxier ${proxierFlags.join(' ')} --kubeconfig=... &`);
  proxier.start();
  await settled('the first round is over', () => proxier.hasFinishedRound());
}

async function kernelShown(): Promise<void> {
  show('ipvsadm', '-Ln');
  show('ip', '-brief', 'address', 'show', 'kube-ipvs0');
  show('ipset', 'list', 'KUBE-CLUSTER-IP');
  show('ipset', 'list', 'KUBE-NODE-PORT-TCP');
  const operations = await shownOperations();
  const bound = boundAddresses();
  report.check('kube-ipvs0 has the addresses of six Services', bound.length === 7, `${bound.length}, one of them IPv6`);
  const programmed = [realServersOf(web).length, realServersOf(webIpv6).length];
  report.check('three real servers, over IPv4 and IPv6', programmed.join() === '3,3', programmed.join(' and '));
  report.check('the metrics count what was written', total(operations) > 0, `${total(operations)} writes`);
}

async function shownOperations(): Promise<ReadonlyMap<string, number>> {
  report.command('curl -s http://127.0.0.1:10249/metrics | grep ipvs_proxier_operations_total');
  const operations = await proxier.operations();
  const counts = [...operations].map(([kind, count]) => `${kind} ${count}`);
  report.output(counts.length === 0 ? '(none)' : counts.join(', '));
  return operations;
}

async function scaleTo(replicas: number): Promise<void> {
  await cluster.kubectl('patch', 'deployment', 'web', '-p', JSON.stringify({ spec: { replicas } }));
}

/** Whether so many real servers take new connections, for the Service and for the node port. */
function allHave(count: number): boolean {
  return [web, nodePort].every((key) => realServersOf(key).filter(({ weight }) => weight === 1).length === count);
}

async function podsReplaced(): Promise<void> {
  await settled('three pods run and none is going', () => backends.isSettled && backends.names.length === 3);
  await settled('the kernel has them', () => allHave(3));
}

/** Makes the requests and shows them as a user would type them. */
async function asked(
  client: { ask(request: ClientRequest): Promise<readonly string[]> },
  command: string,
  request: ClientRequest,
  where = '',
): Promise<readonly string[]> {
  const answers = await client.ask(request);
  const times = request.count === 1 ? '' : `   # ${request.count} times`;
  report.command(`${where === '' ? '' : `ip netns exec ${where} `}${command}${times}`);
  report.output(answers.join(' '));
  return answers;
}

function show(program: string, ...args: string[]): void {
  report.command([program, ...args].join(' '));
  const printed = run(program, args);
  if (printed !== '') report.output(printed);
}

/** Waits until it is so; throws after two minutes. */
async function settled(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + 120_000;
  while (!(await isSo())) {
    if (performance.now() > deadlineMs) throw new Error(`waited two minutes in vain until ${what}`);
    await sleep(200);
  }
}

function noErrors(answers: readonly string[]): boolean {
  return answers.length > 0 && failuresOf(answers) === 0;
}

function failuresOf(answers: readonly string[]): number {
  return answers.filter((answer) => answer.startsWith('error')).length;
}

function isSpreadOver(pods: number, answers: readonly string[]): boolean {
  return noErrors(answers) && new Set(answers).size === pods;
}

function tally(answers: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const answer of answers) counts.set(answer, (counts.get(answer) ?? 0) + 1);
  const sorted = [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
  return sorted.map(([name, count]) => `${name}: ${count}`).join(', ');
}

function total(operations: ReadonlyMap<string, number>): number {
  return [...operations.values()].reduce((sum, count) => sum + count, 0);
}

/** A shell in the world, with the proxier running; needs the terminal of the lab. */
function shell(): Promise<void> {
  console.log(`
A shell in the world of the tour, with everything still running. Try
   kubectl get services,endpointslices
   kubectl patch deployment web -p '{"spec":{"replicas":5}}'
   ipvsadm -Ln
   ip netns exec outside curl -s http://${nodePort}/
   tail -f ${logFile}
and leave it with "exit".
`);
  return new Promise((resolve) => {
    const environment = { ...process.env, KUBECONFIG: cluster.kubeconfig };
    const child = spawn('/bin/bash', ['-i'], { stdio: 'inherit', env: environment });
    child.once('exit', () => resolve());
  });
}
