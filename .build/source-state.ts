import { spawnSync } from 'node:child_process';

/** What a build is made from, as the program tells it. `unknown` where neither git nor the environment knows. */
export interface SourceState {
  /** Commit in full. */
  readonly commit: string;
  /** Whether files that git knows differ from the commit; empty when the commit is unknown. */
  readonly treeState: 'clean' | 'dirty' | '';
  /** ISO 8601, in whole seconds, UTC: not when it was built, but how old the source is, so that builds can be repeated. */
  readonly date: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Runs git; what it prints, or undefined where it fails or is not there. */
export type RunGit = (...parameters: readonly string[]) => string | undefined;

/**
 * The state of the source: from `SOURCE_COMMIT` (a commit, with `-dirty` at its end where files differ) and
 * `SOURCE_DATE_EPOCH` (seconds), each else from git. Throws for values that are none.
 */
export function sourceState(environment: Environment = process.env, git: RunGit = runGit): SourceState {
  const described =
    environment['SOURCE_COMMIT'] || git('describe', '--always', '--abbrev=40', '--dirty', '--exclude=*') || '';
  const [, commit, dirty] = /^([\da-f]{40}|[\da-f]{64})(-dirty)?$/.exec(described) ?? [];
  if (described !== '' && commit === undefined) throw new Error(`SOURCE_COMMIT is no commit: ${described}`);
  const seconds = environment['SOURCE_DATE_EPOCH'] || git('log', '-1', '--format=%ct') || '';
  if (!/^\d*$/.test(seconds)) throw new Error(`SOURCE_DATE_EPOCH is no number of seconds: ${seconds}`);
  return {
    commit: commit ?? 'unknown',
    treeState: commit === undefined ? '' : dirty === undefined ? 'clean' : 'dirty',
    date: seconds === '' ? 'unknown' : `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}Z`,
  };
}

/** Takes no lock of the repository: others may be at work in it. */
function runGit(...parameters: readonly string[]): string | undefined {
  const env = { ...process.env, GIT_OPTIONAL_LOCKS: '0' };
  const { status, stdout } = spawnSync('git', parameters, {
    encoding: 'utf8',
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return status === 0 ? stdout.trim() : undefined;
}
