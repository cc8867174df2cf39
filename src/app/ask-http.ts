import { get } from 'node:http';

/** What a port answered with. */
export interface HttpReply {
  readonly status: number;
  /** The header of that name; ours has our name, and kube-proxy sends none. */
  readonly server: string;
  /** At most 64 KiB and what came with their last piece. */
  readonly body: string;
}

/** What a port of this node answers; undefined where nobody does in HTTP, or not in time. */
export function askHttp(
  host: string,
  port: number,
  path: string,
  timeoutMs = usualTimeoutMs,
): Promise<HttpReply | undefined> {
  return new Promise((resolve) => {
    const request = get({ host, port, path, agent: false, timeout: timeoutMs }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text;
        if (body.length > mostLetters) response.destroy();
      });
      response.on('close', () =>
        resolve({ status: response.statusCode ?? 0, server: String(response.headers.server ?? ''), body }),
      );
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(undefined));
  });
}

/** Loopback refuses at once where nobody listens; who listens may have to wait for a processor of a busy node. */
const usualTimeoutMs = 3_000;
const mostLetters = 64 * 1024;
