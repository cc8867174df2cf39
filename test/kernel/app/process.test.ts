import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { clearNode } from '../../support/clear-node.ts';
import { Shell } from '../../support/shell.ts';

if (process.env.LAB === undefined) throw new Error('this test needs the kernel lab: test/lab/lab.ts run -- ...');

const shell = new Shell();
const directory = mkdtempSync(join(tmpdir(), 'process-'));
const path = (name: string) => join(directory, name);
const main = join(import.meta.dirname, '../../../dist/ipvs-proxier');

const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace: 'default', name: 'web' },
  spec: { clusterIP: '10.96.0.10', ports: [{ name: 'http', port: 80 }], type: 'ClusterIP' },
};
const theirs = 'apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nmode: ipvs\n';
const ours = 'apiVersion: ipvs-proxier.io/v1alpha1\nkind: ProxierConfiguration\n';
const conntrack = 'conntrack: {maxPerCore: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}\n';

const output = () => readFileSync(path('output'), 'utf8');

/** Waits for a line of the program's output. */
async function expectLine(text: string, from = 0): Promise<void> {
  for (let attempt = 0; attempt < 2_000 && !output().slice(from).includes(text); attempt += 1) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  expect(output().slice(from)).toContain(text);
}

/** Starts the program in the background and waits until it serves. */
async function start(): Promise<void> {
  const files = `--config=${path('config')} --proxier-config=${path('proxier')} --manifests=${path('objects.json')}`;
  writeFileSync(path('output'), ''); // what the one before said must not be taken for this one's
  await shell.run(`${main} ${files} >>${path('output')} 2>&1 & echo $! >${path('pid')}`);
  await expectLine('"Listening" server="metrics server"');
  await expectLine('"Round finished" services=1');
}

/** Waits for the end of the program; its exit code. */
async function end(signal?: string): Promise<string> {
  const pid = readFileSync(path('pid'), 'utf8').trim();
  return (await shell.run(`${signal === undefined ? '' : `kill -${signal} ${pid}; `}wait ${pid}; echo $?`)).trim();
}

beforeAll(async () => {
  await clearNode(shell);
  writeFileSync(path('objects.json'), JSON.stringify(service));
});

beforeEach(() => {
  writeFileSync(path('config'), `${theirs}${conntrack}logging: {verbosity: 2}\n`);
  writeFileSync(path('proxier'), ours);
});

afterAll(async () => {
  await clearNode(shell);
  shell.close();
  rmSync(directory, { recursive: true });
});

it('takes up what can change while it runs, and keeps what is in force when a file is broken', async () => {
  await start();
  const pid = readFileSync(path('pid'), 'utf8').trim();
  expect(readFileSync(`/proc/${pid}/oom_score_adj`, 'utf8').trim()).toBe('-999');
  writeFileSync(path('proxier'), `${ours}drain: {deadline: 1m}\n`);
  await expectLine('drainDeadlineMs=60000');
  writeFileSync(path('config'), 'mode: [');
  await expectLine('The configuration cannot be used; the one in force stays');
  writeFileSync(path('config'), `${theirs}${conntrack}logging: {verbosity: 3}\n`);
  await expectLine('verbosity=3');
  const seen = output().length;
  await shell.run(`kill -HUP ${pid}`);
  await expectLine('Read the configuration again', seen);
  writeFileSync(path('next'), `${theirs}${conntrack}ipvs: {scheduler: lc}\nlogging: {verbosity: 4}\n`);
  renameSync(path('next'), path('config'));
  await expectLine('"Part of the configuration needs a restart" fields="ipvs.scheduler"');
  await expectLine('verbosity=4');
  expect(await end('TERM')).toBe('0');
});

it.each<[string, () => void]>([
  ['is written', () => writeFileSync(path('config'), `${theirs}${conntrack}ipvs: {scheduler: lc}\n`)],
  [
    'moves away for another one',
    () => {
      renameSync(path('config'), path('old'));
      writeFileSync(path('config'), `${theirs}${conntrack}ipvs: {scheduler: wlc}\n`);
    },
  ],
])('ends with exit code 1 when the configuration %s, and leaves Services programmed', async (_name, change) => {
  await start();
  change();
  expect(await end()).toBe('1');
  expect(output()).toContain("content of the proxy server's configuration file was updated");
  expect(await shell.run('ipvsadm -Sn')).toContain('-A -t 10.96.0.10:80');
});

it('removes everything with --cleanup, which it prints, and nothing the second time', async () => {
  const printed = await shell.run(`${main} --cleanup --proxy-mode=ipvs 2>&1`);
  expect(printed).toContain('remove 1 virtual servers\n  TCP/10.96.0.10:80\n');
  expect(
    await shell.run(
      'ipvsadm -Sn; ipset list -n; ip -o link | grep -c kube-ipvs0; iptables-save 2>/dev/null | grep -c KUBE; true',
    ),
  ).toBe('0\n0\n');
  expect(await shell.run(`${main} --cleanup --proxy-mode=ipvs 2>&1`)).toContain('remove 0 virtual servers');
});
