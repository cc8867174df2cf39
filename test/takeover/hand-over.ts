import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { upstreamObjects } from '../kernel/adoption/upstream-objects.ts';
import { upstreamCommands, upstreamSyncCommands } from '../kernel/adoption/upstream-state.ts';
import { nodeObject } from '../support/node-world/cluster-objects.ts';
import { dumpKernel, type KernelDump } from '../support/node-world/kernel-state.ts';
import { buildNetwork } from '../support/node-world/network.ts';
import { Shell } from '../support/shell.ts';
import { type StartedProgram, takeOverBarMs } from './programs.ts';
import { end, Proxier, startKubeProxy } from './processes.ts';
import { type Check, type Phase, together } from './report.ts';
import { targets } from './targets.ts';
import { startServers, type Target, TrafficDriver } from './traffic.ts';

export interface HandOverOptions {
  /** The program of `traffic.c`. */
  readonly traffic: string;
  /** For logs and objects. */
  readonly directory: string;
  /** Without upgrade and crash, with less traffic and less time to settle. */
  readonly short: boolean;
  /** Told of each phase as it begins. */
  readonly tell: (text: string) => void;
}

/** Places that make traffic: the name of the network namespace, and new exchanges a second. */
const places = [
  { name: 'outside', namespace: 'outside', rate: 150 },
  { name: 'node', namespace: undefined, rate: 75 },
  { name: 'pod', namespace: 'pod-d', rate: 75 },
] as const;

/** For the rules of each family one that reads and one that writes; all else is known from observing. */
const mostPrograms = 4;

/** Long-lived TCP streams and UDP flows for each target. */
const streamsPerTarget = 3;

/**
 * A node that goes from kube-proxy to us, through an upgrade and a crash of ours, and back, with traffic all the time
 * that is checked answer by answer. To be run in the kernel lab. What is measured comes back, a phase each.
 */
export async function handOver(options: HandOverOptions): Promise<readonly Phase[]> {
  const story = await Story.begin(options);
  try {
    await story.tell();
    return story.phases;
  } catch (error) {
    throw new Error(`the hand-over ended early; the end of the log:\n${story.logTail()}`, { cause: error });
  } finally {
    story.stop();
  }
}

class Story {
  readonly phases: Phase[] = [];
  readonly #options: HandOverOptions;
  readonly #shell: Shell;
  readonly #servers: readonly ChildProcess[];
  readonly #drivers: readonly TrafficDriver[];
  readonly #proxier: Proxier;
  #kubeProxy: ChildProcess;
  #checks: Check[] = [];
  #measured: string[] = [];

  private constructor(parts: {
    readonly options: HandOverOptions;
    readonly shell: Shell;
    readonly servers: readonly ChildProcess[];
    readonly drivers: readonly TrafficDriver[];
    readonly kubeProxy: ChildProcess;
  }) {
    this.#options = parts.options;
    this.#shell = parts.shell;
    this.#servers = parts.servers;
    this.#drivers = parts.drivers;
    this.#kubeProxy = parts.kubeProxy;
    this.#proxier = new Proxier(parts.options.directory, [nodeObject(), ...upstreamObjects]);
  }

  /** A node as kube-proxy has left it, with pods, clients and traffic. */
  static async begin(options: HandOverOptions): Promise<Story> {
    const shell = new Shell();
    await buildNetwork(shell);
    await shell.run(upstreamCommands());
    const program = options.traffic;
    const kubeProxy = await startKubeProxy();
    const servers = await Promise.all(['a', 'b', 'c'].map((pod) => startServers(program, `pod-${pod}`, pod)));
    const drivers = places.map(({ name, namespace, rate }) => {
      const chosen: readonly Target[] = targets[name];
      const rateNow = options.short ? rate / 3 : rate;
      return new TrafficDriver({ program, namespace, rate: rateNow, streams: streamsPerTarget, targets: chosen });
    });
    return new Story({ options, shell, servers, drivers, kubeProxy });
  }

  async tell(): Promise<void> {
    await this.#phase('kube-proxy has the node', async () => {});
    const before = await dumpKernel(this.#shell);
    await this.#phase('observing beside it', () => this.#observe(before));
    await this.#phase('hand-over to us', () => this.#takeOver());
    if (!this.#options.short) {
      await this.#phase('upgrade: stop, start', () => this.#restart('SIGTERM'));
      await this.#phase('crash: kill -9, start', () => this.#restart('SIGKILL'));
    }
    await this.#phase('hand-back', () => this.#handBack(before));
  }

  logTail(): string {
    return this.#proxier.log().slice(-6_000);
  }

  stop(): void {
    for (const driver of this.#drivers) driver.stop();
    for (const child of [...this.#servers, this.#kubeProxy]) child.kill('SIGKILL');
    this.#proxier.abandon();
    this.#shell.close();
  }

  /** Does the work with traffic all the time, lets things settle, and counts what ended meanwhile. */
  async #phase(name: string, work: () => Promise<void>): Promise<void> {
    this.#options.tell(name);
    this.#checks = [];
    this.#measured = [];
    await work();
    await sleep(this.#options.short ? 500 : 4_000);
    const counts = together(await Promise.all(this.#drivers.map((driver) => driver.endPhase())));
    const streams = places.reduce((sum, place) => sum + targets[place.name].length, 0) * streamsPerTarget;
    if (counts.fault !== '') this.#measured.push(...(await this.#evidence(counts.fault)));
    this.#check('streams that are alive', counts.streams === streams, `${counts.streams} of ${streams}`);
    this.phases.push({ name, counts, checks: this.#checks, measured: this.#measured });
  }

  /** What the kernel still has of a connection that was not answered. */
  async #evidence(fault: string): Promise<readonly string[]> {
    const port = /from port (\d+)/.exec(fault)?.[1];
    if (port === undefined) return [];
    const commands = ['cat /proc/net/nf_conntrack', 'ipvsadm -Lnc'].map((command) => `${command} | grep -w ${port}`);
    const found = await this.#shell.run(`${commands.join('; ')}; true`);
    return found.split('\n').filter(Boolean);
  }

  async #observe(before: KernelDump): Promise<void> {
    const refused = this.#options.short ? undefined : this.#refusal();
    const proxier = this.#proxier;
    proxier.start('takeover');
    await proxier.says('What serving would change on this node');
    const intended = await proxier.metric(10_349, 'ipvs_proxier_intended_changes');
    const seen = [...intended].filter(([, value]) => value > 0).map((pair) => pair.join(' '));
    this.#check('intended is the one rule of ours per family', seen.join() === 'kind="rules" 2', seen.join(', '));
    const serving = (await proxier.metric(10_349, 'ipvs_proxier_serving')).get('');
    this.#check('serving while kube-proxy lives', serving === 0, `ipvs_proxier_serving ${serving}`);
    this.#checkSame('kernel while observing', before, await dumpKernel(this.#shell));
    await refused;
  }

  /** Another one in the operation `active`. */
  async #refusal(): Promise<void> {
    const other = new Proxier(`${this.#options.directory}/active`, [nodeObject(), ...upstreamObjects]);
    const child = other.start('active');
    const [code] = (await once(child, 'exit')) as [number | null];
    const isTold = other.log().includes('another Service proxy is at work on this node');
    this.#check('active beside kube-proxy is refused', code === 1 && isTold, `exit code ${code}`);
  }

  /** From the end of kube-proxy to the first round that has put everything in place. */
  async #takeOver(): Promise<void> {
    await end(this.#kubeProxy, 'SIGTERM');
    const goneMs = Date.now();
    await this.#proxier.says('No other Service proxy is alive, taking over');
    const noticedMs = Date.now();
    await this.#proxier.says('"Started"');
    const startedMs = Date.now();
    await this.#proxier.says('Round finished');
    const servedMs = Date.now();
    const seconds = (timeMs: number) => `${((timeMs - goneMs) / 1000).toFixed(2)} s`;
    this.#measured.push(
      `after the end of kube-proxy: noticed after ${seconds(noticedMs)}, kernel open after ${seconds(startedMs)}, ` +
        `first round done after ${seconds(servedMs)}`,
    );
    if (!this.#options.short) this.#checkTakeOver(servedMs - goneMs, this.#proxier.programsSince(goneMs));
    await this.#checkWrites('rules 2', 'what the hand-over writes');
  }

  #checkTakeOver(tookMs: number, programs: readonly StartedProgram[]): void {
    const barMs = takeOverBarMs(programs);
    const [took, bar] = [tookMs, barMs].map((timeMs) => `${(timeMs / 1000).toFixed(2)} s`);
    this.#check('active after the end of kube-proxy', tookMs <= barMs, `${took}, at most ${bar}`);
    const starts = programs.map(({ command, startMs, endMs }) => `${command.split(' ')[0]} ${endMs - startMs} ms`);
    this.#check('programs started for it', starts.length <= mostPrograms, `${starts.length}: ${starts.join(', ')}`);
  }

  async #restart(signal: NodeJS.Signals): Promise<void> {
    await this.#proxier.end(signal);
    this.#proxier.start('active');
    await this.#proxier.says('Round finished');
    await this.#checkWrites('', 'what a restart writes');
  }

  /** kube-proxy starts again and writes its rules, as it does in its first sync; the rest is as it wants it. */
  async #handBack(before: KernelDump): Promise<void> {
    await this.#proxier.end('SIGTERM');
    this.#kubeProxy = await startKubeProxy();
    await this.#shell.run(upstreamSyncCommands());
    this.#checkSame('kernel after the hand-back', before, await dumpKernel(this.#shell));
  }

  async #checkWrites(expected: string, what: string): Promise<void> {
    const operations = await this.#proxier.metric(10_249, 'ipvs_proxier_operations_total');
    const made = [...operations].filter(([, value]) => value > 0);
    const seen = made.map(([labels, value]) => `${/kind="(.*?)"/.exec(labels)?.[1]} ${value}`).join(', ');
    this.#check(what, seen === expected, seen === '' ? 'nothing' : seen);
  }

  #checkSame(what: string, before: KernelDump, after: KernelDump): void {
    const parts = Object.keys(before) as (keyof KernelDump)[];
    const changed = parts.filter((part) => JSON.stringify(before[part]) !== JSON.stringify(after[part]));
    this.#check(what, changed.length === 0, changed.length === 0 ? 'as it was' : `changed: ${changed.join(', ')}`);
  }

  #check(what: string, ok: boolean, seen: string): void {
    this.#checks.push({ what, ok, seen });
  }
}
