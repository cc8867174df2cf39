import { hostname } from 'node:os';
import type { ToolCommandLine } from '../../cli/tool-syntax.ts';
import { type LoadedSettings, loadConfig } from '../../config/effective-config.ts';
import { version } from '../version.ts';
import { findRunningDaemon, type RunningDaemon } from './running-daemon.ts';
import type { ToolWorld } from './tool-world.ts';

/** The configuration that a tool goes by. */
export interface ToolSettings {
  readonly settings: LoadedSettings;
  /** The Node to look from. */
  readonly nodeName: string;
  /** Whether that is the Node that this program runs on, as far as the names tell. */
  readonly isThisNode: boolean;
  /** Process of the daemon whose flags were taken; undefined where none was seen. */
  readonly daemon: number | undefined;
}

/** Says that there is no daemon, in tests and where it does not count. */
export const noDaemon = (): undefined => undefined;

/**
 * The configuration from the flags of the daemon that runs here, and from those given, which win. Throws `ConfigError`
 * and `UsageError`.
 */
export function toolSettings(
  { daemonFlags, options }: Pick<ToolCommandLine, 'daemonFlags' | 'options'>,
  world: Pick<ToolWorld, 'readFile'>,
  findDaemon: () => RunningDaemon | undefined = findRunningDaemon,
): ToolSettings {
  const daemon = findDaemon();
  const settings = load([...inheritedFlags(daemon, daemonFlags), ...daemonFlags], world);
  const here = nameOf(settings);
  const nodeName = options.get('node')?.at(-1) ?? here;
  return { settings, nodeName, isThisNode: nodeName === here, daemon: daemon?.processId };
}

function load(flags: readonly string[], { readFile }: Pick<ToolWorld, 'readFile'>): LoadedSettings {
  const mode = flags.some((flag) => /^--(?:config|proxy[-_]mode)\b/.test(flag)) ? [] : ['--proxy-mode=ipvs'];
  const invocation = loadConfig({ argv: [...mode, ...flags], readFile, version });
  if ('settings' in invocation) return invocation.settings;
  throw new Error('--version and --help are for the daemon');
}

/** Lists of flags add up: objects given on the command line stand for those of the daemon. */
function inheritedFlags(daemon: RunningDaemon | undefined, given: readonly string[]): readonly string[] {
  const namesObjects = given.some((flag) => /^--(?:kubeconfig|master|manifests)\b/.test(flag));
  const flags = daemon?.flags ?? [];
  if (!namesObjects) return flags;
  return flags.filter((flag, index) => !/^--manifests\b/.test(flag) && flags[index - 1] !== '--manifests');
}

function nameOf({ config }: LoadedSettings): string {
  const name = config.hostnameOverride === '' ? hostname() : config.hostnameOverride;
  return name.trim().toLowerCase();
}
