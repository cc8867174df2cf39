import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type Daemon, startDaemon } from '../../../src/app/daemon.ts';
import { systemClock } from '../../../src/app/system-clock.ts';
import { version } from '../../../src/app/version.ts';
import { loadConfig } from '../../../src/config/effective-config.ts';
import { Klog } from '../../../src/observe/klog.ts';
import { createMetrics, type Metrics } from '../../../src/observe/metrics.ts';
import { readProcessUsage } from '../../../src/observe/process-usage.ts';
import { type ApiObject, nodeObject } from './cluster-objects.ts';
import type { Programs } from '../programs.ts';
import { podNetworks } from './network.ts';

/** A start takes seconds, but the lab may have to share its processor. */
const startLimitMs = 200_000;

export interface LabProxierOptions {
  readonly objects: readonly ApiObject[];
  /** Flags beside those that name the mode, the node, its pods' networks and the files. */
  readonly flags?: readonly string[];
  /**
   * Fields of `ProxierConfiguration`. Unless they say otherwise, iptables is of flavour nft, and nobody looks for other
   * Service proxies and what they have left.
   */
  readonly settings?: ApiObject;
  /** Starts iptables; faster than from the test runner. */
  readonly programs: Programs;
}

interface Parts {
  readonly daemon: Daemon;
  readonly klog: Klog;
  readonly metrics: Metrics;
  readonly directory: string;
  readonly lines: string[];
  readonly rounds: Rounds;
  readonly options: LabProxierOptions;
}

/**
 * The whole program in the test's own process, fed by manifests: the configuration is read from flags and files, the
 * node is prepared, and everything goes through the real drivers. Only the servers for probes and metrics are left out.
 */
export class LabProxier {
  readonly #parts: Parts;

  private constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Resolves when the objects are in the kernel. */
  static async start(options: LabProxierOptions): Promise<LabProxier> {
    const directory = mkdtempSync(join(tmpdir(), 'proxier-'));
    mkdirSync(join(directory, 'manifests'));
    writeObjects(directory, options.objects);
    const lines: string[] = [];
    const sink = { write: (text: string) => void lines.push(...text.split('\n').filter((line) => line !== '')) };
    const klog = new Klog({ ...logging, sink, clock: systemClock, processId: process.pid });
    const rounds = new Rounds();
    const metrics = openMetrics();
    const settings = readSettings(directory, options);
    const programmed = rounds.nextAfterChange();
    const daemon = await startDaemon({ settings, klog, metrics, listener: rounds, runCommand: options.programs.run });
    await Promise.race([programmed, neverProgrammed(lines)]);
    return new LabProxier({ daemon, klog, metrics, directory, lines, rounds, options });
  }

  /** Replaces all objects; resolves when a round has taken them up. They have to differ from those before. */
  async publish(objects: readonly ApiObject[]): Promise<void> {
    const taken = this.#parts.rounds.nextAfterChange();
    writeObjects(this.#parts.directory, objects);
    await taken;
  }

  /** What was logged so far, a line each. */
  log(): readonly string[] {
    this.#parts.klog.flush();
    return this.#parts.lines;
  }

  /** The values of a metric, by the text of their labels. */
  async metric(name: string): Promise<Readonly<Record<string, number>>> {
    const text = await this.#parts.metrics.registry.render();
    const rows = text.matchAll(new RegExp(`^${name}(?:\\{(.*)\\})? (.*)$`, 'gm'));
    return Object.fromEntries([...rows].map(([, labels = '', value]) => [labels, Number(value)]));
  }

  /** Has the kernel compared with what is wanted, and what differs repaired; resolves when that is over. */
  async audit(): Promise<void> {
    const { rounds, options } = this.#parts;
    // The round that ends first may have begun before: only the next one is certain to have compared.
    for (let round = 0; round < 2; round++) {
      const ended = rounds.next();
      this.reconfigure(options.settings);
      await ended;
    }
  }

  /** Puts other fields of `ProxierConfiguration` into force, as far as that can be done without a restart. */
  reconfigure(settings: ApiObject = {}): void {
    const { daemon, directory, options } = this.#parts;
    daemon.reconfigure(readSettings(directory, { ...options, settings }).config.proxier);
  }

  /** Ends it as SIGTERM does. */
  async stop(): Promise<void> {
    await this.#parts.daemon.stop();
    rmSync(this.#parts.directory, { recursive: true });
  }
}

/** Rejects, with the log, when nothing has been programmed for so long that it never will be. */
async function neverProgrammed(lines: readonly string[]): Promise<never> {
  await setTimeout(startLimitMs, undefined, { ref: false });
  throw new Error(`no round has ended well; the log says:\n${lines.join('\n')}`);
}

const logging = { format: 'text', verbosity: 0, vmodule: [], flushFrequencyMs: 5_000 } as const;

const usualSettings = { iptables: { flavour: 'nft' }, otherProxy: 'ignore' };

function readSettings(directory: string, { flags = [], settings = {} }: LabProxierOptions) {
  const file = join(directory, 'proxier.json');
  const identity = { apiVersion: 'ipvs-proxier.io/v1alpha1', kind: 'ProxierConfiguration' };
  writeFileSync(file, JSON.stringify({ ...identity, ...usualSettings, ...settings }));
  const argv = [
    '--proxy-mode=ipvs',
    '--hostname-override=node-1',
    `--cluster-cidr=${podNetworks.join(',')}`,
    `--manifests=${join(directory, 'manifests')}`,
    `--proxier-config=${file}`,
    ...flags,
  ];
  const invocation = loadConfig({ argv, readFile: (path) => readFileSync(path, 'utf8'), version });
  if (invocation.kind !== 'run') throw new Error(`these flags do not start the program: ${invocation.kind}`);
  return invocation.settings;
}

/** In one step, as a reader must never see half a file. */
function writeObjects(directory: string, objects: readonly ApiObject[]): void {
  const list = { apiVersion: 'v1', kind: 'List', items: [nodeObject(), ...objects] };
  writeFileSync(join(directory, 'new.json'), JSON.stringify(list));
  renameSync(join(directory, 'new.json'), join(directory, 'manifests', 'objects.json'));
}

function openMetrics(): Metrics {
  const build = { major: '1', minor: '36', gitVersion: 'v1.36.0', gitCommit: '', buildDate: '', programVersion: '0' };
  return createMetrics({ build, features: [], processUsage: readProcessUsage });
}

/** Follows rounds by what the program tells its probes. */
class Rounds {
  #waiting: { readonly needsChange: boolean; readonly done: () => void }[] = [];
  #isChanged = false;

  queued(): void {
    this.#isChanged = true;
  }

  succeeded(): void {
    const ended = this.#waiting.filter(({ needsChange }) => this.#isChanged || !needsChange);
    this.#waiting = this.#waiting.filter((waiting) => !ended.includes(waiting));
    this.#isChanged = false;
    for (const { done } of ended) done();
  }

  nodeSeen(): void {}

  next(): Promise<void> {
    return new Promise((done) => this.#waiting.push({ needsChange: false, done }));
  }

  nextAfterChange(): Promise<void> {
    return new Promise((done) => this.#waiting.push({ needsChange: true, done }));
  }
}
