import { lstatSync, unlinkSync } from 'node:fs';
import { connect, type Server } from 'node:net';
import { dirname } from 'node:path';
import { makeDirectory } from '../../kubernetes/watch/make-directory.ts';

/** The socket cannot be had; the message says what is in the way. */
class SocketPathError extends Error {
  readonly code = 'SOCKET_PATH';
}

const probeMs = 1_000;

/**
 * Makes the server listen at the path, for its own user alone. A socket that a process before us left behind gives way;
 * one that somebody answers on does not, nor does anything else. Throws `SocketPathError`, or what the system says.
 */
export async function listenAtPath(server: Server, path: string): Promise<void> {
  await makeDirectory(dirname(path));
  const kind = kindOf(path);
  if (kind === 'other') throw new SocketPathError(`${path} is there and is not a socket`);
  if (kind === 'socket') {
    if (await isAnswered(path)) throw new SocketPathError(`another process listens on ${path}`);
    unlinkSync(path);
  }
  await listen(server, path);
}

function kindOf(path: string): 'nothing' | 'socket' | 'other' {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return 'nothing';
  return found.isSocket() ? 'socket' : 'other';
}

/** Whether a process listens there. One that is too busy to answer counts. */
function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const settle = (isThere: boolean) => {
      socket.destroy();
      resolve(isThere);
    };
    socket.setTimeout(probeMs, () => settle(true));
    socket.once('connect', () => settle(true));
    socket.once('error', ({ code }: NodeJS.ErrnoException) => settle(code !== 'ECONNREFUSED' && code !== 'ENOENT'));
  });
}

/** The file is made before `listen` returns, so that nobody else's files get these rights. */
function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    const before = process.umask(0o177);
    server.listen(path, () => {
      server.off('error', reject);
      resolve();
    });
    process.umask(before);
  });
}
