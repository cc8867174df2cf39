import { configurationFromFlags, overrideLogging, withHostname } from './apply-flags.ts';
import { buildConfig, loggingConfig } from './build-config.ts';
import type { ProxierSettings, ProxyConfig } from './config.ts';
import { decodeFile } from './decode-file.ts';
import {
  ConfigError,
  type ConfigPhase,
  type ConfigProblem,
  type FailureContext,
  problem,
  UsageError,
} from './errors.ts';
import { type FeatureGate, settleFeatureGates } from './feature-gates.ts';
import { flagTable } from './flag-table.ts';
import { type FoldedConfiguration, foldByMode, withLinuxDefaults } from './folded-configuration.ts';
import { helpText } from './help-text.ts';
import { kubeProxyApiVersion, kubeProxyKind, kubeProxySchema } from './kube-proxy-configuration.ts';
import type { LoadNotice } from './load-notice.ts';
import { locateProblems, type WrittenSource } from './locate-problems.ts';
import { type ParsedFlags, parseFlags, printFlags } from './parse-flags.ts';
import { type ProgramVersion, versionRequest } from './program-version.ts';
import { defaultProxierSettings, readProxierConfiguration } from './proxier-configuration.ts';
import { toV1alpha1, toV1alpha1Yaml, type V1alpha1Object } from './to-v1alpha1.ts';
import { unavailableMode } from './mode-problems.ts';
import { validateConfiguration } from './validate.ts';
import { validateLogging } from './validate-logging.ts';

/** What `loadConfig` needs; it does no I/O of its own. */
export interface LoadInputs {
  /** Arguments after the program's name. */
  readonly argv: readonly string[];
  /** Gives a file's text, or throws with the reason why it cannot be read. */
  readonly readFile: (path: string) => string;
  /** The Kubernetes release that the program was built for. */
  readonly version: ProgramVersion;
}

/** Everything that start-up knows once flags and files have been read. */
export interface LoadedSettings {
  readonly config: ProxyConfig;
  /** Directories and files of `--manifests`; empty means the API server. */
  readonly manifests: readonly string[];
  /** Path given with `--config`; empty without. */
  readonly configFile: string;
  /** The effective configuration in the form of its file, for `/configz`. */
  readonly v1alpha1: V1alpha1Object;
  /** Text of every flag's value by name, for the log and `/flagz`. */
  readonly flags: Readonly<Record<string, string>>;
  readonly featureGates: readonly FeatureGate[];
  /** The release to report; `--version=vX.Y.Z-suffix` can change its suffix. */
  readonly version: ProgramVersion;
  /** To be logged as soon as the log exists. */
  readonly notices: readonly LoadNotice[];
  /** To be printed on stderr at once, one line each. */
  readonly deprecations: readonly string[];
}

/** What the command line asks for. */
export type Invocation =
  | { readonly kind: 'printHelp'; readonly text: string }
  | { readonly kind: 'printVersion'; readonly raw: boolean; readonly version: ProgramVersion }
  | {
      readonly kind: 'writeConfiguration';
      readonly path: string;
      readonly text: string;
      readonly settings: LoadedSettings;
    }
  | { readonly kind: 'run' | 'initOnly' | 'cleanup'; readonly settings: LoadedSettings };

/**
 * Reads flags and files into one frozen configuration. Throws `UsageError` for the command line (print the usage and
 * the message, exit 1) and `ConfigError` for everything else (exit 1). Pure but for `readFile`.
 */
export function loadConfig({ argv, readFile, version }: LoadInputs): Invocation {
  const flags = parseFlags(argv);
  if (flags.help) return { kind: 'printHelp', text: helpText() };
  if (flags.values.get('dry-run') === true && flags.values.get('cleanup') !== true) {
    throw new UsageError('--dry-run', '--dry-run goes with --cleanup only');
  }
  const request = versionRequest(textOf(flags, 'version'), version);
  if (request.kind === 'print') return { kind: 'printVersion', raw: request.raw, version };
  const completed = complete(flags, readFile);
  const settings = validated(completed, flags, request.version);
  const path = textOf(flags, 'write-config-to');
  if (path !== '') return { kind: 'writeConfiguration', path, text: toV1alpha1Yaml(completed.folded), settings };
  return { kind: runKind(flags), settings };
}

interface Completed {
  readonly folded: FoldedConfiguration;
  readonly proxier: ProxierSettings;
  readonly gates: ReturnType<typeof settleFeatureGates>;
  readonly notices: readonly LoadNotice[];
  /** Says where in the file the fields are; as it is without a file. */
  readonly locate: Locate;
}

type Locate = (problems: readonly ConfigProblem[]) => readonly ConfigProblem[];

/** Throws the error for the problems, unless there are none. */
function refuse(phase: ConfigPhase, problems: readonly ConfigProblem[], context?: FailureContext): void {
  if (problems.length > 0) throw new ConfigError(phase, problems, context === undefined ? {} : { context });
}

function complete(flags: ParsedFlags, readFile: LoadInputs['readFile']): Completed {
  const file = textOf(flags, 'config');
  const read = file === '' ? fromFlags(flags) : fromFile(file, flags, readFile);
  const { locate } = read;
  const { folded, problems } = withHostname(withLinuxDefaults(read.folded), flags);
  refuse('complete', locate(problems));
  const gates = settleFeatureGates(folded.featureGates);
  refuse('complete', locate(gates.problems));
  const proxierFile = textOf(flags, 'proxier-config');
  const proxier =
    proxierFile === ''
      ? defaultProxierSettings
      : readProxierConfiguration(readText(proxierFile, readFile), proxierFile);
  const blankMode = read.folded.mode === '' ? [notice('info', 'Using iptables proxy: the mode is not set')] : [];
  const gateNotices = locate(gates.warnings).map(({ message }) => notice('warning', message));
  return { folded, proxier, gates, notices: [...read.notices, ...blankMode, ...gateNotices], locate };
}

function fromFlags(flags: ParsedFlags) {
  const locate: Locate = (problems) => problems;
  return { folded: configurationFromFlags(flags), notices: [], locate };
}

function fromFile(file: string, flags: ParsedFlags, readFile: LoadInputs['readFile']) {
  const identity = { apiVersion: kubeProxyApiVersion, kind: kubeProxyKind };
  const decoded = decodeFile(readText(file, readFile), file, identity, kubeProxySchema);
  const { configuration, strictProblems, positionOf } = decoded;
  const lenient = notice('info', 'Using lenient decoding as strict decoding failed', {
    path: file,
    problems: strictProblems.map((each) => each.message).join('; '),
  });
  const notices = strictProblems.length > 0 ? [lenient] : [];
  const isOverridden = (field: string) => overriddenFields(flags).some((each) => field.startsWith(each));
  const source: WrittenSource = { positionOf, mode: configuration.mode, isOverridden };
  const locate: Locate = (problems) => locateProblems(problems, source);
  return { folded: overrideLogging(foldByMode(configuration), flags), notices, locate };
}

/** Fields that flags set although there is a file. */
function overriddenFields(flags: ParsedFlags): readonly string[] {
  const kept = flagTable.filter((flag) => flag.withConfigFile !== 'ignored' && flags.given.has(flag.name));
  return kept.flatMap((flag) => flag.field ?? []);
}

function validated(completed: Completed, flags: ParsedFlags, version: ProgramVersion): LoadedSettings {
  const { folded, gates, proxier, locate } = completed;
  refuse('logging', locate(validateLogging(folded.logging, gates.enabled)));
  const flagTexts = printFlags(flags);
  const notices = [...flagNotices(flagTexts), ...completed.notices];
  const context: FailureContext = { logging: loggingConfig(folded.logging), notices };
  refuse('validate', locate(validateConfiguration(folded, version.minor)), context);
  const needsMode = textOf(flags, 'write-config-to') === '' && runKind(flags) !== 'cleanup';
  refuse('validate', locate(needsMode ? unavailableMode(folded.mode) : []), context);
  const config = buildConfig({ folded, proxier, featureGates: gates.enabled, master: textOf(flags, 'master') });
  return {
    config,
    manifests: flags.values.get('manifests') as readonly string[],
    configFile: textOf(flags, 'config'),
    v1alpha1: toV1alpha1(folded),
    flags: flagTexts,
    featureGates: gates.gates,
    version,
    notices,
    deprecations: deprecationsOf(flags),
  };
}

function runKind(flags: ParsedFlags): 'run' | 'initOnly' | 'cleanup' {
  if (flags.values.get('cleanup') === true) return 'cleanup';
  return flags.values.get('init-only') === true ? 'initOnly' : 'run';
}

function flagNotices(texts: Readonly<Record<string, string>>): LoadNotice[] {
  return Object.entries(texts).map(([name, value]) => ({
    level: 'info',
    verbosity: 1,
    message: `FLAG: --${name}=${JSON.stringify(value)}`,
    fields: {},
  }));
}

function deprecationsOf(flags: ParsedFlags): string[] {
  const given = flagTable.filter((flag) => flag.deprecated !== undefined && flags.given.has(flag.name));
  return given.map((flag) => `Flag --${flag.name} has been deprecated, ${flag.deprecated}`);
}

function readText(path: string, readFile: LoadInputs['readFile']): string {
  try {
    return readFile(path);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError('complete', [problem(`cannot read ${path}: ${reason}`, { field: 'config', value: path })], {
      cause,
    });
  }
}

function textOf(flags: ParsedFlags, name: string): string {
  return flags.values.get(name) as string;
}

function notice(level: LoadNotice['level'], message: string, fields: LoadNotice['fields'] = {}): LoadNotice {
  return { level, verbosity: 0, message, fields };
}
