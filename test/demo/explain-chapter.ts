import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Cluster } from './cluster.ts';
import { realServersOf } from './kernel-view.ts';
import type { Report } from './report.ts';
import { run } from './world.ts';

const program = join(import.meta.dirname, '..', '..', 'dist', 'ipvs-proxier');
const service = 'svc/default/web-service';
const server = '10.96.0.80:80';
const firewall = ['INPUT', '-d', '10.96.0.80/32', '-p', 'tcp', '-j', 'DROP'];

export interface ExplainChapterParts {
  readonly report: Report;
  readonly cluster: Cluster;
  /** Waits until it is so. */
  readonly settled: (what: string, isSo: () => boolean) => Promise<void>;
}

/** Breaks a Service in three ways and lets the program say what is wrong, each time in one sentence. */
export async function explainChapter({ report, cluster, settled }: ExplainChapterParts): Promise<void> {
  const patch = (spec: object) => cluster.kubectl('patch', 'service', 'web-service', '-p', JSON.stringify({ spec }));
  const ports = () => new Set(realServersOf(server).map(({ address }) => address.split(':').at(-1)));

  report.chapter('A Service is broken in three ways, and explain finds each');
  report.say('A selector with a letter missing:');
  await patch({ selector: { app: 'we' } });
  await settled('no Pod takes connections', () => realServersOf(server).every(({ weight }) => weight === 0));
  await found(report, 'explain: the selector', /no EndpointSlice|no endpoint for port/);
  await patch({ selector: { app: 'web' } });
  await settled('the Pods are back', () => realServersOf(server).filter(({ weight }) => weight === 1).length === 3);

  report.say('A port that no Pod listens on:');
  const port = { name: 'http', port: 80, protocol: 'TCP' };
  await patch({ ports: [{ ...port, targetPort: 9999 }] });
  await settled('real servers have the port', () => ports().has('9999'));
  await found(report, 'explain: the targetPort', /The Pod at 10\.244\.1\.\d+:9999 refuses connections/);
  await patch({ ports: [{ ...port, targetPort: 8080 }] });
  await settled('real servers have the old port', () => [...ports()].join() === '8080');

  report.say('A firewall on the node:');
  shown(report, 'iptables', '-I', ...firewall);
  await found(report, 'explain: the firewall', /The firewall of this node drops packets to 10\.96\.0\.80:80\/TCP/);
  shown(report, 'iptables', '-D', ...firewall);
  const repaired = await tool('explain', service);
  report.check('explain: nothing is broken any more', repaired.exitCode === 0, lastLineOf(repaired.output));
  report.command('ipvs-proxier diff');
  const { output, exitCode } = await tool('diff');
  report.output(output);
  report.check('diff: the kernel is as the objects say', exitCode === 0, lastLineOf(output));
}

function lastLineOf(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? '';
}

function shown(report: Report, file: string, ...words: string[]): void {
  report.command([file, ...words].join(' '));
  run(file, words);
}

/** The last paragraph is the sentence; the whole is shown. */
async function found(report: Report, what: string, sentence: RegExp): Promise<void> {
  const { output, exitCode } = await tool('explain', service);
  report.command(`ipvs-proxier explain ${service}`);
  report.output(output);
  const verdict = output.slice(output.indexOf('First broken link')).replaceAll('\n', ' ').trim();
  const [cause = ''] = verdict.replace('First broken link ', '').split(': ');
  report.check(what, exitCode === 1 && sentence.test(verdict), cause);
}

/** Beside this process, which is the API server that it asks. */
function tool(...words: string[]): Promise<{ readonly output: string; readonly exitCode: number | null }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, COLUMNS: '100' },
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.once('error', reject);
    child.once('close', (exitCode) => resolve({ output, exitCode }));
  });
}
