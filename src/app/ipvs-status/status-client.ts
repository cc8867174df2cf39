import type { IncomingMessage } from 'node:http';
import type { DaemonAnswer } from '../../cli/services/run-services.ts';
import {
  programHeader,
  protocolHeader,
  servicesPath,
  statusProtocol,
  type StatusLine,
} from '../../model/status-protocol.ts';

/** What is asked of the daemon. */
export interface DaemonQuestion {
  readonly socket: string;
  /** `namespace/name`; empty for all. */
  readonly service: string;
  /** Empty for all. */
  readonly namespace: string;
  /** `IP:PORT` of a virtual server; absent for all. */
  readonly virtualServer?: string;
}

/** Longest time without a byte of the answer. */
const patienceMs = 5_000;

/**
 * Asks the running ipvs-proxier for names. Never rejects: who cannot be reached, does not answer in time, or speaks
 * another protocol, is away for a reason that is told in one sentence.
 */
export async function askDaemon(
  { socket, service, namespace, virtualServer }: DaemonQuestion,
  waitMs = patienceMs,
): Promise<DaemonAnswer> {
  const query = new URLSearchParams({
    ...(service !== '' && { service }),
    ...(namespace !== '' && { namespace }),
    ...(virtualServer !== undefined && { address: virtualServer }),
  });
  const target = query.size === 0 ? servicesPath : `${servicesPath}?${query.toString()}`;
  try {
    const response = await get(socket, target, waitMs);
    const text = await textOf(response);
    const why = refusal(response, text);
    return why === undefined ? { kind: 'told', lines: parse(text) } : { kind: 'away', why };
  } catch (error) {
    return { kind: 'away', why: reasonOf(error as NodeJS.ErrnoException, socket) };
  }
}

/** The answer broke off, or is none that we know. */
class BrokenAnswerError extends Error {
  readonly code = 'BROKEN_ANSWER';
}

async function get(socketPath: string, path: string, timeout: number): Promise<IncomingMessage> {
  const { request } = await import('node:http');
  return await new Promise((resolve, reject) => {
    const asked = request({ socketPath, path, timeout, agent: false, headers: { connection: 'close' } }, resolve);
    asked.once('error', reject);
    asked.once('timeout', () => asked.destroy(new BrokenAnswerError(`it does not answer within ${timeout / 1000} s`)));
    asked.end();
  });
}

async function textOf(response: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of response as AsyncIterable<Buffer>) pieces.push(piece);
  return Buffer.concat(pieces).toString('utf8');
}

/** Why an answer cannot be used; undefined when it can. */
function refusal({ statusCode = 0, headers }: IncomingMessage, text: string): string | undefined {
  const protocol = Number(headers[protocolHeader]);
  if (!Number.isInteger(protocol)) return 'what answers on its socket is not ipvs-proxier';
  const program = `the running ipvs-proxier ${String(headers[programHeader])}`;
  if (protocol < statusProtocol) return `${program} is older than this tool: upgrade it, or use its own ipvs-status`;
  if (statusCode === 404) return `${program} is newer than this tool: use its own ipvs-status`;
  return statusCode === 200 ? undefined : `${program} refused: ${text.split('\n', 1)[0]}`;
}

function parse(text: string): readonly StatusLine[] {
  const lines = text.split('\n').filter((line) => line !== '');
  const parsed = lines.map((line) => JSON.parse(line) as StatusLine); // the protocol's version was compared
  if (parsed.at(-1)?.kind !== 'end') throw new BrokenAnswerError('its answer broke off');
  return parsed;
}

function reasonOf(error: NodeJS.ErrnoException, socket: string): string {
  switch (error.code) {
    case 'ENOENT':
      return `there is no ${socket}: ipvs-proxier does not run here, or its statusSocket is elsewhere (--socket)`;
    case 'ECONNREFUSED':
      return `nobody listens on ${socket}: ipvs-proxier does not run`;
    case 'EACCES':
    case 'EPERM':
      return `${socket} may be used by root only`;
    default:
      return `ipvs-proxier cannot be asked on ${socket}: ${error.message}`;
  }
}

/**
 * Asks again only from time to time: what was told stays good for ten times as long as it took, and 5 seconds at least.
 */
export function rememberAnswers<Question>(
  ask: (question: Question) => Promise<DaemonAnswer>,
  nowMs: () => number,
): (question: Question) => Promise<DaemonAnswer> {
  let known: DaemonAnswer | undefined;
  let goodUntilMs = 0;
  return async (question) => {
    const startMs = nowMs();
    if (known !== undefined && startMs < goodUntilMs) return known;
    known = await ask(question);
    const tookMs = nowMs() - startMs;
    goodUntilMs = nowMs() + Math.max(leastGoodMs, tookMs * 10);
    return known;
  };
}

const leastGoodMs = 5_000;
