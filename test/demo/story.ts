// The tour that "make demo" runs inside the kernel lab: Kubernetes Services through IPVS on a real kernel.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startApiServer } from '../support/api-server/start-api-server.ts';
import { publishEndpoints } from './endpoints.ts';
import { nodeAddress, run, World } from './world.ts';

interface Check {
  readonly what: string;
  readonly ok: boolean;
  readonly seen: string;
}

const keep = process.argv.includes('--keep');
const nodeName = 'demo-node';
const root = join(import.meta.dirname, '..', '..');
const directory = mkdtempSync(join(tmpdir(), 'demo-'));
const logFile = join(directory, 'ipvs-proxier.log');
const kubeconfig = join(directory, 'kubeconfig');
const checks: Check[] = [];

chapter('A node, three pods, a client outside, and a Kubernetes API server');
const world = new World();
world.setUp();
await world.growTo(3);
const api = await startApiServer({ tokens: ['demo-token'], serviceCidrs: ['10.96.0.0/16', 'fd00:10:96::/112'] });
writeFileSync(kubeconfig, api.kubeconfig);
api.objects.apply({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: nodeName },
  status: {
    addresses: [
      { type: 'InternalIP', address: nodeAddress.IPv4 },
      { type: 'InternalIP', address: nodeAddress.IPv6 },
    ],
  },
});
await kubectl('apply', '-f', join(import.meta.dirname, 'manifests.yaml'));
publishEndpoints(api.objects, world.pods, nodeName);
await kubectl('get', 'services');

chapter('The proxier starts and programs the kernel');
let proxier = startProxier();
await settled(() => realServers('10.96.0.80:80') === 3 && realServers('[fd00:10:96::85]:80') === 3);
show('ipvsadm', '-Ln');
show('ip', '-brief', 'address', 'show', 'kube-ipvs0');
show('ipset', 'list', 'KUBE-CLUSTER-IP');
show('ipset', 'list', 'KUBE-NODE-PORT-TCP');
check('the dummy interface has the six cluster addresses', boundAddresses() === 7, `${boundAddresses()} addresses`);

const fromNode = world.client('node');
const fromOutside = world.client('outside');
const fromPod = world.client(world.pods[0] as (typeof world.pods)[number]);

chapter('Ten requests to web-service spread over three pods');
const spread = names(await fromNode.ask({ url: 'http://10.96.0.80/', count: 10 }));
report('curl http://10.96.0.80/   (10 times)', spread);
check('web-service answers from all three pods', new Set(spread).size === 3 && noErrors(spread), tally(spread));

chapter('A pod reaches the Service it belongs to, also when it is sent to itself');
const own = names(await fromPod.ask({ url: 'http://10.96.0.80/', count: 6 }));
report('from pod-1: curl http://10.96.0.80/   (6 times)', own);
check('a pod reaches its own Service', own.includes('pod-1') && noErrors(own), tally(own));

chapter('sticky-service keeps a client on one pod');
const sticky = names(await fromNode.ask({ url: 'http://10.96.0.82/', count: 6 }));
report('curl http://10.96.0.82/   (6 times)', sticky);
check('sticky-service stays on one pod', new Set(sticky).size === 1 && noErrors(sticky), tally(sticky));

chapter('The node port, from outside the cluster');
const nodePort = names(await fromOutside.ask({ url: `http://${nodeAddress.IPv4}:30080/`, count: 6 }));
report(`from outside: curl http://${nodeAddress.IPv4}:30080/   (6 times)`, nodePort);
check('the node port answers from outside', new Set(nodePort).size === 3 && noErrors(nodePort), tally(nodePort));

chapter('A Service without endpoints refuses at once');
const refused = await fromNode.ask({ url: 'http://10.96.0.83/', count: 1 });
report('curl http://10.96.0.83/', refused);
check('no-endpoints-svc is refused', refused[0] === 'error: ECONNREFUSED', String(refused[0]));

chapter('UDP, and IPv6');
const udp = names(await fromNode.ask({ udp: { host: '10.96.0.84', port: 53 }, count: 6 }));
report('UDP to 10.96.0.84:53   (6 times)', udp);
check('udp-service answers', noErrors(udp) && new Set(udp).size === 3, tally(udp));
const ipv6 = names(await fromPod.ask({ url: 'http://[fd00:10:96::85]/', count: 6 }));
report('from pod-1: curl http://[fd00:10:96::85]/   (6 times)', ipv6);
check('dual-service answers over IPv6', noErrors(ipv6) && new Set(ipv6).size === 3, tally(ipv6));

chapter('Five pods instead of three, and back, with requests all the time');
await world.growTo(5);
publishEndpoints(api.objects, world.pods, nodeName);
await settled(() => realServers('10.96.0.80:80') === 5);
const five = names(await fromNode.ask({ url: 'http://10.96.0.80/', count: 15 }));
report('curl http://10.96.0.80/   (15 times)', five);
check('five pods answer', new Set(five).size === 5 && noErrors(five), tally(five));
const leaving = world.pods.slice(3);
publishEndpoints(api.objects, world.pods.slice(0, 3), nodeName);
const during = names(await fromNode.ask({ url: 'http://10.96.0.80/', count: 40 }));
check('no request fails while pods leave', noErrors(during), tally(during));
await settled(() => weightOf('10.96.0.80:80', leaving[0]?.ipv4 ?? '') !== '1');
const after = names(await fromNode.ask({ url: 'http://10.96.0.80/', count: 9 }));
check('pods that left get nothing new', noErrors(after) && new Set(after).size === 3, tally(after));
for (const pod of leaving) world.stopPod(pod);

chapter('The proxier stops: traffic goes on');
await stopProxier();
const without = names(await fromNode.ask({ url: 'http://10.96.0.80/', count: 6 }));
report('curl http://10.96.0.80/   (6 times, no proxier running)', without);
check('Services answer while the proxier is away', noErrors(without), tally(without));

chapter('It starts again: nothing to write');
proxier = startProxier();
await settled(() => readFileSync(logFile, 'utf8').split('"Round finished"').length > 1);
const writes = readFileSync(logFile, 'utf8').match(/"Applied operations".*/g) ?? [];
const unexpected = writes.filter((line) => !line.includes('kind="realServer"'));
check(
  'a restart writes nothing',
  unexpected.length === 0,
  unexpected.length === 0 ? 'no write' : unexpected.join('; '),
);

chapter('What was checked');
for (const { what, ok, seen } of checks) console.log(`  ${ok ? 'ok  ' : 'FAIL'}  ${what.padEnd(52)} ${seen}`);
const failed = checks.filter((each) => !each.ok).length;
console.log(`\n${checks.length - failed} of ${checks.length} as expected`);
if (failed > 0) console.log(`\nThe proxier's log:\n${readFileSync(logFile, 'utf8').split('\n').slice(-40).join('\n')}`);
if (keep) await shell();
await stopProxier();
world.stop();
process.exit(failed === 0 ? 0 : 1);

function chapter(title: string): void {
  console.log(`\n=== ${title}`);
}

function check(what: string, ok: boolean, seen: string): void {
  checks.push({ what, ok, seen });
  console.log(`  ${ok ? 'ok' : 'NOT AS EXPECTED'}: ${what} (${seen})`);
}

function report(command: string, answers: readonly string[]): void {
  console.log(`  $ ${command}`);
  console.log(`  ${answers.join(' ')}`);
}

function show(program: string, ...args: string[]): void {
  console.log(`  $ ${[program, ...args].join(' ')}`);
  console.log(run(program, args).trimEnd().replace(/^/gm, '  '));
}

/** kubectl runs beside this process, which is its API server. */
function kubectl(...args: string[]): Promise<void> {
  console.log(`  $ kubectl ${args.join(' ').replace(`${root}/`, '')}`);
  return new Promise((resolve, reject) => {
    const child = spawn('kubectl', ['--kubeconfig', kubeconfig, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    child.stdout.setEncoding('utf8').on('data', (text: string) => process.stdout.write(text.replace(/^(?=.)/gm, '  ')));
    child.once('error', (error) => reject(new Error(`kubectl: ${error.message}`)));
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`kubectl ended with ${code}`))));
  });
}

function startProxier(): ChildProcess {
  const args = [
    '--proxy-mode=ipvs',
    '--cluster-cidr=10.244.0.0/16,fd00:10:244::/56',
    `--hostname-override=${nodeName}`,
  ];
  const all = [...args, `--kubeconfig=${kubeconfig}`, '--v=2'];
  console.log(`  $ ipvs-proxier ${args.join(' ')} --kubeconfig=...`);
  const log = openSync(logFile, 'w');
  return spawn(join(root, 'dist', 'ipvs-proxier'), all, { stdio: ['ignore', log, log] });
}

function stopProxier(): Promise<void> {
  return new Promise((resolve) => {
    proxier.once('exit', () => resolve());
    proxier.kill('SIGTERM');
  });
}

/** Waits until the kernel shows it; at most a minute. */
async function settled(isThere: () => boolean): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!isThere()) {
    if (proxier.exitCode !== null || Date.now() > deadline) {
      throw new Error(`the kernel did not get there:\n${readFileSync(logFile, 'utf8').slice(-4000)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function realServerLines(virtualServer: string): string[] {
  const blocks = run('ipvsadm', ['-Ln']).split(/\n(?=\S)/);
  const block = blocks.find((text) => text.split(/\s+/)[1] === virtualServer) ?? '';
  return block.split('\n').filter((line) => line.includes('->'));
}

function realServers(virtualServer: string): number {
  return realServerLines(virtualServer).filter((line) => line.trim().split(/\s+/)[3] !== '0').length;
}

function weightOf(virtualServer: string, address: string): string | undefined {
  const line = realServerLines(virtualServer).find((text) => text.includes(`${address}:`));
  return line?.trim().split(/\s+/)[3];
}

function boundAddresses(): number {
  return run('ip', ['-o', 'address', 'show', 'dev', 'kube-ipvs0']).trim().split('\n').length;
}

function names(answers: readonly string[]): string[] {
  return answers.map((answer) => (answer.startsWith('error') ? answer : (answer.split(' ')[0] ?? '')));
}

function noErrors(answers: readonly string[]): boolean {
  return answers.length > 0 && answers.every((answer) => !answer.startsWith('error'));
}

function tally(answers: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const answer of answers) counts.set(answer, (counts.get(answer) ?? 0) + 1);
  return [...counts]
    .map(([name, count]) => `${name}: ${count}`)
    .sort()
    .join(', ');
}

/** A shell in the world; needs the terminal of the lab. */
function shell(): Promise<void> {
  console.log(`\nA shell in the demo's world; KUBECONFIG=${kubeconfig}. Leave it with "exit".`);
  return new Promise((resolve) => {
    const child = spawn('/bin/bash', ['-i'], { stdio: 'inherit', env: { ...process.env, KUBECONFIG: kubeconfig } });
    child.once('exit', () => resolve());
  });
}
