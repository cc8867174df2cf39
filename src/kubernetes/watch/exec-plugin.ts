import { spawn } from 'node:child_process';
import type { Clock } from '../../model/clock.ts';

/** `exec` of a kubeconfig's user, with paths made absolute. */
export interface ExecPluginSettings {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly apiVersion: string;
  /** What to do when the program is missing. */
  readonly installHint: string;
  /** Given to the plugin as `spec.cluster` of KUBERNETES_EXEC_INFO; absent unless `provideClusterInfo`. */
  readonly cluster?: object;
}

/** What a plugin gave: a token, or a certificate with its key. */
export interface ExecCredential {
  readonly token?: string;
  readonly cert?: string;
  readonly key?: string;
  /** Milliseconds since 1970; absent when it does not expire. */
  readonly expiresAtMs?: number;
}

/** Largest answer that is read. */
const maxOutputBytes = 1024 * 1024;

/** A credential plugin did not give what a credential is. The message names the program and what to do. */
class ExecPluginError extends Error {
  readonly code = 'EXEC_PLUGIN';

  constructor(command: string, problem: string, options?: ErrorOptions) {
    super(`credential plugin ${command}: ${problem}`, options);
  }
}

/**
 * Runs a credential plugin (client.authentication.k8s.io) and reads its answer. It has no terminal, and `deadlineMs` to
 * end; then it is killed. Rejects with `ExecPluginError`.
 */
export async function runExecPlugin(
  settings: ExecPluginSettings,
  options: { readonly clock: Clock; readonly deadlineMs: number },
): Promise<ExecCredential> {
  const output = await outputOf(settings, options);
  return readCredential(settings, output);
}

function outputOf(
  settings: ExecPluginSettings,
  { clock, deadlineMs }: { readonly clock: Clock; readonly deadlineMs: number },
): Promise<string> {
  const { command, args } = settings;
  return new Promise((resolve, reject) => {
    const refuse = (problem: string, cause?: unknown) => reject(new ExecPluginError(command, problem, { cause }));
    const child = spawn(command, args, { env: environmentOf(settings), stdio: ['ignore', 'pipe', 'pipe'] });
    const written = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        if (written[name].length < maxOutputBytes) written[name] += text;
      });
    }
    const cancel = clock.schedule(deadlineMs, () => {
      refuse(`no credential within ${deadlineMs / 1000} s`);
      child.kill('SIGKILL');
    });
    child.once('error', (error: NodeJS.ErrnoException) => {
      cancel();
      refuse(startProblem(error, settings), error);
    });
    child.once('close', (code, signal) => {
      cancel();
      if (code === 0) return resolve(written.stdout);
      const words = written.stderr
        .trim()
        .slice(0, 500)
        .replaceAll(/\s*\n\s*/g, '; ');
      refuse(`ended with ${signal ?? `exit code ${code}`}: ${words || 'it wrote no reason'}`);
    });
  });
}

function environmentOf({ apiVersion, env, cluster }: ExecPluginSettings): NodeJS.ProcessEnv {
  const spec = { interactive: false, ...(cluster && { cluster }) };
  const info = JSON.stringify({ apiVersion, kind: 'ExecCredential', spec });
  return {
    ...process.env,
    ...Object.fromEntries(env.map(({ name, value }) => [name, value])),
    KUBERNETES_EXEC_INFO: info,
  };
}

function startProblem({ code, message }: NodeJS.ErrnoException, { installHint }: ExecPluginSettings): string {
  const hint = installHint === '' ? 'it has to be in the image or on the path of this process' : installHint;
  if (code === 'ENOENT') return `the program does not exist; ${hint}`;
  if (code === 'EACCES') return 'the program may not be executed by this user; is its execute bit set?';
  return `cannot be started: ${message}`;
}

interface Answer {
  readonly kind?: unknown;
  readonly apiVersion?: unknown;
  readonly status?: Readonly<Record<string, unknown>> | null;
}

function readCredential({ command, apiVersion }: ExecPluginSettings, output: string): ExecCredential {
  const refuse = (problem: string, cause?: unknown) => new ExecPluginError(command, problem, { cause });
  let answer: Answer | null;
  try {
    answer = JSON.parse(output) as Answer | null; // looked at below
  } catch (error) {
    throw refuse('its answer is not JSON', error);
  }
  if (answer?.kind !== 'ExecCredential') throw refuse('its answer is no ExecCredential');
  if (answer.apiVersion !== apiVersion) {
    throw refuse(`it answers in ${String(answer.apiVersion)}; the kubeconfig says exec.apiVersion ${apiVersion}`);
  }
  const text = (name: string): string => {
    const value = answer.status?.[name];
    return typeof value === 'string' ? value : '';
  };
  const [token, cert, key] = [text('token'), text('clientCertificateData'), text('clientKeyData')];
  if ((cert === '') !== (key === ''))
    throw refuse('status has one of clientCertificateData and clientKeyData, not both');
  if (token === '' && cert === '') throw refuse('status has neither a token nor a client certificate');
  const expiry = text('expirationTimestamp');
  const expiresAtMs = Date.parse(expiry);
  if (expiry !== '' && Number.isNaN(expiresAtMs)) throw refuse(`status.expirationTimestamp ${expiry} is no time`);
  return { ...(token && { token }), ...(cert && { cert, key }), ...(expiry && { expiresAtMs }) };
}
