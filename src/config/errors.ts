import type { LoggingConfig } from './config.ts';
import type { LoadNotice } from './load-notice.ts';

/** A place in a file, both counted from 1. */
export interface SourcePosition {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** One setting that cannot be used. */
export interface ConfigProblem {
  /** Path of the field, or the flag as written; empty when the file as a whole is meant. */
  readonly field: string;
  /** The value as printed in the message; empty when there is none. */
  readonly value: string;
  /** What is allowed. */
  readonly bound: string;
  /** The whole problem in one line. */
  readonly message: string;
  readonly position: SourcePosition | undefined;
}

/** Which step of start-up refused the configuration. */
export type ConfigPhase = 'complete' | 'logging' | 'validate';

/** What is needed to report a failure through the log rather than in plain text. */
export interface FailureContext {
  readonly logging: LoggingConfig;
  readonly notices: readonly LoadNotice[];
}

const phasePrefix: Readonly<Record<ConfigPhase, string>> = {
  complete: 'failed complete: ',
  logging: 'initialize logging: ',
  validate: 'failed validate: ',
};

/**
 * The configuration cannot be used; start ends with exit code 1. The message has every problem, prefixed with the
 * step of start-up that found it. `field`, `value`, `bound` and `position` are those of the first problem.
 */
export class ConfigError extends Error {
  readonly code = 'CONFIG_INVALID';
  readonly exitCode = 1;
  readonly phase: ConfigPhase;
  readonly problems: readonly ConfigProblem[];
  /** Present once the logging section is known to be good: the failure then belongs into the log. */
  readonly context: FailureContext | undefined;

  constructor(
    phase: ConfigPhase,
    problems: readonly ConfigProblem[],
    options: ErrorOptions & { readonly context?: FailureContext } = {},
  ) {
    super(phasePrefix[phase] + joinProblems(problems), options);
    this.name = 'ConfigError';
    this.phase = phase;
    this.problems = problems;
    this.context = options.context;
  }

  get field(): string {
    return this.problems[0]?.field ?? '';
  }

  get value(): string {
    return this.problems[0]?.value ?? '';
  }

  get bound(): string {
    return this.problems[0]?.bound ?? '';
  }

  get position(): SourcePosition | undefined {
    return this.problems[0]?.position;
  }
}

/** A command line that cannot be read. Print `usage`, then `Error: <message>`, and exit with 1. */
export class UsageError extends Error {
  readonly code = 'USAGE';
  readonly exitCode = 1;
  /** The flag or argument at fault, as written. */
  readonly argument: string;

  constructor(argument: string, message: string) {
    super(message);
    this.name = 'UsageError';
    this.argument = argument;
  }
}

/** A problem without a position, made of its message and, where known, the field at fault. */
export function problem(message: string, parts: Partial<ConfigProblem> = {}): ConfigProblem {
  return { field: '', value: '', bound: '', position: undefined, ...parts, message };
}

/** `file:line:column: `, or nothing without a position. */
export function positionPrefix(position: SourcePosition | undefined): string {
  return position === undefined ? '' : `${position.file}:${position.line}:${position.column}: `;
}

function joinProblems(problems: readonly ConfigProblem[]): string {
  const messages = [...new Set(problems.map((each) => each.message))];
  return messages.length === 1 ? (messages[0] as string) : `[${messages.join(', ')}]`;
}
