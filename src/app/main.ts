import { readFileSync, writeFileSync } from 'node:fs';
import type { LoggingConfig } from '../config/config.ts';
import { type Invocation, type LoadedSettings, loadConfig } from '../config/effective-config.ts';
import { ConfigError, UsageError } from '../config/errors.ts';
import type { LoadNotice } from '../config/load-notice.ts';
import { Klog } from '../observe/klog.ts';
import { DescriptorSink } from '../observe/log-sink.ts';
import { buildSource } from './build-info.ts';
import { endOnSignal } from './end-on-signal.ts';
import { prepareKernel } from './node/node-kernel.ts';
import { runCleanup } from './cleanup/run-cleanup.ts';
import { requireApiAccess } from './objects/open-source.ts';
import { dropPrivileges } from './privileges/drop-privileges.ts';
import { usePrivileges } from './privileges/use-privileges.ts';
import { runProxier } from './run-proxier.ts';
import { systemClock } from './system-clock.ts';
import { daemonArguments, toolsFile } from './tool-dispatch.ts';
import { usageFailure } from './usage-failure.ts';
import { programVersion, version } from './version.ts';

const defaultLogging: LoggingConfig = {
  format: 'text',
  verbosity: 0,
  flushFrequencyMs: 5_000,
  vmodule: [],
  splitStream: false,
};

/** Reads the command line and does what it asks for; the exit code, or nothing while the program goes on running. */
async function main(argv: readonly string[]): Promise<number | undefined> {
  let invocation: Invocation;
  try {
    invocation = loadConfig({ argv, readFile: (path) => readFileSync(path, 'utf8'), version });
  } catch (error) {
    return refuse(error);
  }
  switch (invocation.kind) {
    case 'printHelp':
      process.stdout.write(`${invocation.text}\n`);
      return 0;
    case 'printVersion':
      process.stdout.write(versionText(invocation.raw));
      return 0;
    case 'writeConfiguration':
      return await writeConfiguration(invocation);
    case 'cleanup':
      return await cleanUpOnly(invocation.settings);
    case 'initOnly':
      return await prepareOnly(invocation.settings);
    case 'run':
      return await runUntilStopped(invocation.settings);
  }
}

function versionText(raw: boolean): string {
  if (!raw) return `Kubernetes ${version.text}\n`;
  return `${JSON.stringify({ ...version, ipvsProxier: programVersion, ...buildSource, node: process.version })}\n`;
}

async function writeConfiguration({ path, text, settings }: Extract<Invocation, { kind: 'writeConfiguration' }>) {
  return await reportingFailure(openLog(settings.config.logging, settings.notices), async () => {
    writeFileSync(path, text);
    return 0;
  });
}

async function prepareOnly(settings: LoadedSettings): Promise<number | undefined> {
  const klog = openLog(settings.config.logging, settings.notices);
  return await reportingFailure(klog, async () => {
    const kernel = await prepareKernel(settings, klog.named('app/main.ts'));
    kernel.close();
    return 0;
  });
}

async function cleanUpOnly(settings: LoadedSettings): Promise<number | undefined> {
  const klog = openLog(settings.config.logging, settings.notices);
  return await reportingFailure(klog, async () => await runCleanup(settings, klog.named('app/main.ts')));
}

async function runUntilStopped(settings: LoadedSettings): Promise<number | undefined> {
  const { config } = settings;
  const klog = openLog(config.logging);
  await dropPrivileges({
    keep: config.proxier.keepPrivileges ?? false,
    prepare: () => usePrivileges({ config }),
    log: klog.named('app/privileges/drop-privileges.ts'),
  });
  for (const line of settings.deprecations) process.stderr.write(`${line}\n`);
  tellNotices(klog, settings.notices);
  const signals = endOnSignal({ klog, clock: systemClock });
  return await reportingFailure(klog, async () => {
    if (settings.manifests.length === 0) await requireApiAccess(config.clientConnection);
    await runProxier({ settings, klog, signals });
    return undefined;
  });
}

async function reportingFailure(klog: Klog, work: () => Promise<number | undefined>): Promise<number | undefined> {
  try {
    return await work();
  } catch (error) {
    klog.named('app/main.ts').error('command failed', error);
    return 1;
  } finally {
    klog.flush();
  }
}

/** A configuration that cannot be used ends with one line that says why, in the log once there can be one. */
function refuse(error: unknown): number {
  if (error instanceof UsageError) {
    process.stderr.write(usageFailure(error));
    return error.exitCode;
  }
  if (!(error instanceof ConfigError)) throw error;
  if (error.context === undefined) {
    process.stderr.write(`Error: ${error.message}\n`);
  } else {
    const klog = openLog(error.context.logging, error.context.notices);
    klog.named('app/main.ts').error('command failed', error);
    klog.flush();
  }
  return error.exitCode;
}

function openLog(logging: LoggingConfig = defaultLogging, notices: readonly LoadNotice[] = []): Klog {
  const sinks = { sink: new DescriptorSink(2), ...(logging.splitStream ? { infoSink: new DescriptorSink(1) } : {}) };
  const klog = new Klog({ ...logging, ...sinks, clock: systemClock, processId: process.pid });
  tellNotices(klog, notices);
  return klog;
}

function tellNotices(klog: Klog, notices: readonly LoadNotice[]): void {
  const log = klog.named('config/effective-config.ts');
  for (const { level, verbosity, message, fields } of notices) {
    if (level === 'warning') log.warning(message, fields);
    else log.debug(verbosity, message, fields);
  }
}

const argv = process.argv.slice(2);
const tools = toolsFile(argv);
if (tools !== undefined) void import(tools);
else {
  void main(daemonArguments(argv)).then((exitCode) => {
    if (exitCode !== undefined) process.exit(exitCode);
  });
}
