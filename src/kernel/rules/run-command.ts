import { spawn } from 'node:child_process';

/** A program to run, without a shell. */
export interface Command {
  readonly file: string;
  readonly parameters: readonly string[];
  /** Written to the program's standard input. */
  readonly input?: string;
}

/** How a program ended. */
export interface CommandResult {
  /** Exit code; undefined when a signal ended it. */
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that did not run to its end. */
export class CommandError extends Error {
  readonly code: 'COMMAND_NOT_FOUND' | 'COMMAND_NOT_STARTED' | 'COMMAND_TIMED_OUT' | 'COMMAND_OUTPUT_TOO_LONG';

  constructor(code: CommandError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Runs a program to its end. Throws `CommandError` when it cannot be started, or had to be ended. */
export type CommandRunner = (command: Command) => Promise<CommandResult>;

export interface CommandLimits {
  readonly timeoutMs: number;
  readonly maxOutputBytes: number;
  /** Ends the running program. */
  readonly signal?: AbortSignal;
}

/** A runner that ends, by SIGKILL, every program that exceeds the limits. Programs see the C locale. */
export function commandRunner(limits: CommandLimits): CommandRunner {
  return (command) => new Promise((resolve, reject) => start(command, limits, resolve, reject));
}

function start(
  { file, parameters, input }: Command,
  { timeoutMs, maxOutputBytes, signal }: CommandLimits,
  resolve: (result: CommandResult) => void,
  reject: (error: Error) => void,
): void {
  const child = spawn(file, parameters, {
    stdio: 'pipe',
    env: { ...process.env, LC_ALL: 'C' },
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
    ...(signal && { signal }),
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  let receivedBytes = 0;
  const collectInto = (chunks: Buffer[]) => (chunk: Buffer) => {
    receivedBytes += chunk.length;
    if (receivedBytes > maxOutputBytes) child.kill('SIGKILL');
    else chunks.push(chunk);
  };
  child.stdout.on('data', collectInto(stdout));
  child.stderr.on('data', collectInto(stderr));
  child.stdin.on('error', () => {}); // It ended without reading all: its exit code and words tell more than EPIPE.
  child.on('error', (error) => reject(startError(file, error)));
  child.on('close', (exitCode) => {
    if (receivedBytes > maxOutputBytes) {
      reject(new CommandError('COMMAND_OUTPUT_TOO_LONG', `${file} printed more than ${maxOutputBytes} bytes`));
    } else if (child.killed) {
      reject(new CommandError('COMMAND_TIMED_OUT', `${file} did not end within ${timeoutMs} ms and was killed`));
    } else {
      resolve({ exitCode: exitCode ?? undefined, stdout: decode(stdout), stderr: decode(stderr) });
    }
  });
  child.stdin.end(input ?? '');
}

function decode(chunks: readonly Buffer[]): string {
  return Buffer.concat(chunks).toString('utf8');
}

function startError(file: string, cause: NodeJS.ErrnoException): CommandError {
  if (cause.code === 'ENOENT') return new CommandError('COMMAND_NOT_FOUND', `${file} is not installed`, { cause });
  return new CommandError('COMMAND_NOT_STARTED', `${file} could not be run: ${cause.message}`, { cause });
}
