import { spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';

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

export type CommandFailure =
  | 'COMMAND_NOT_FOUND'
  | 'COMMAND_NOT_STARTED'
  | 'COMMAND_ABORTED'
  | 'COMMAND_TIMED_OUT'
  | 'COMMAND_OUTPUT_TOO_LONG';

/** A program that did not run to its end. */
export class CommandError extends Error {
  readonly code: CommandFailure;

  constructor(code: CommandFailure, message: string, options?: ErrorOptions) {
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
  reject: (error: CommandError) => void,
): void {
  const environment = { ...process.env, LC_ALL: 'C' };
  const child = spawn(file, parameters, { env: environment, killSignal: 'SIGKILL', ...(signal && { signal }) });
  // The promise settles at once: a program that this one started may keep the pipes open for ever.
  const end = (code: CommandFailure, message: string) => {
    child.kill('SIGKILL');
    for (const stream of outputs) stream.destroy();
    reject(new CommandError(code, message));
  };
  const timer = setTimeout(
    () => end('COMMAND_TIMED_OUT', `${file} did not end within ${timeoutMs} ms and was killed`),
    timeoutMs,
  );
  child.on('error', (error) => {
    clearTimeout(timer);
    reject(startError(file, error));
  });
  // Without descriptors left there are no pipes, whatever the types say; the error comes as an event.
  const outputs = [child.stdout, child.stderr].filter((stream: Readable | undefined) => stream !== undefined);
  let receivedBytes = 0;
  const chunks = outputs.map((stream) => {
    const received: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => {
      receivedBytes += chunk.length;
      received.push(chunk);
      if (receivedBytes <= maxOutputBytes) return;
      clearTimeout(timer);
      end('COMMAND_OUTPUT_TOO_LONG', `${file} printed more than ${maxOutputBytes} bytes`);
    });
    return received;
  });
  child.on('close', (exitCode) => {
    clearTimeout(timer);
    const [stdout, stderr] = chunks.map(decode);
    resolve({ exitCode: exitCode ?? undefined, stdout: stdout ?? '', stderr: stderr ?? '' });
  });
  writeInput(child.stdin, input ?? '');
}

/** A program that ends without reading all is no failure: its exit code and words tell more than EPIPE. */
function writeInput(stdin: Writable | undefined, input: string): void {
  stdin?.on('error', () => {});
  stdin?.end(input);
}

function decode(chunks: readonly Buffer[]): string {
  return Buffer.concat(chunks).toString('utf8');
}

function startError(file: string, cause: NodeJS.ErrnoException): CommandError {
  if (cause.code === 'ENOENT') return new CommandError('COMMAND_NOT_FOUND', `${file} is not installed`, { cause });
  if (cause.name === 'AbortError') return new CommandError('COMMAND_ABORTED', `${file} was told to stop`, { cause });
  return new CommandError('COMMAND_NOT_STARTED', `${file} could not be run: ${cause.message}`, { cause });
}
