// A client of the demo. Reads one request a line (JSON: url or udp, count, atOnce) and answers with one line of JSON:
// what came back, in order; an error is `error: CODE`.
import { createSocket } from 'node:dgram';
import { get } from 'node:http';
import { createInterface } from 'node:readline';
import type { ClientRequest } from './client-process.ts';

/** Also for a request that waits until the tour lets it go, on a machine with other things to do. */
const requestTimeoutMs = 120_000;

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line) as ClientRequest;
  process.stdout.write(`${JSON.stringify(await askAll(request))}\n`);
}

async function askAll(request: ClientRequest): Promise<string[]> {
  const numbers = Array.from({ length: request.count });
  if (request.atOnce === true) return await Promise.all(numbers.map(() => ask(request)));
  const answers: string[] = [];
  for (const _ of numbers) answers.push(await ask(request));
  return answers;
}

function ask({ url, udp }: ClientRequest): Promise<string> {
  if (udp !== undefined) return askUdp(udp.host, udp.port);
  return new Promise((resolve) => {
    const request = get(url ?? '', { agent: false, timeout: requestTimeoutMs }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text) => {
        body += text;
      });
      response.on('end', () => resolve(body)).on('error', (error) => resolve(failed(error)));
    });
    request.on('timeout', () => request.destroy(Object.assign(new Error(), { code: 'ETIMEDOUT' })));
    request.on('error', (error) => resolve(failed(error)));
  });
}

function askUdp(host: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    const end = (answer: string) => {
      clearTimeout(timer);
      socket.close();
      resolve(answer);
    };
    const timer = setTimeout(() => end('error: ETIMEDOUT'), requestTimeoutMs);
    socket.on('message', (message) => end(message.toString()));
    socket.on('error', (error) => end(failed(error)));
    socket.connect(port, host, () => socket.send('hello'));
  });
}

function failed(error: Error): string {
  return `error: ${(error as NodeJS.ErrnoException).code ?? error.message}`;
}
