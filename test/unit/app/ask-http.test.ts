import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { askHttp } from '../../../src/app/ask-http.ts';

let server: Server | undefined;

afterEach(() => {
  server?.close();
});

async function listen(made: Server): Promise<number> {
  server = made;
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
  return (made.address() as AddressInfo).port;
}

const http = (answer: RequestListener) => listen(createHttpServer(answer));

describe('a port that is asked', () => {
  it('answers with status, name and body, whatever the status', async () => {
    const port = await http((request, response) => {
      response.writeHead(503, { server: 'ipvs-proxier', connection: 'close' }).end(`not yet: ${request.url}`);
    });
    expect(await askHttp('127.0.0.1', port, '/livez')).toEqual({
      status: 503,
      server: 'ipvs-proxier',
      body: 'not yet: /livez',
    });
  });

  it('has no name where the answer has none', async () => {
    const port = await http((_request, response) => void response.end('ipvs'));
    expect(await askHttp('127.0.0.1', port, '/')).toEqual({ status: 200, server: '', body: 'ipvs' });
  });

  it('is not listened to for ever', async () => {
    const port = await http((_request, response) => {
      const piece = 'x'.repeat(16 * 1024);
      const send = () => void (response.destroyed || response.write(piece, send));
      send();
    });
    const reply = await askHttp('127.0.0.1', port, '/');
    expect(reply?.body.length).toBeGreaterThan(64 * 1024);
    expect(reply?.body.length).toBeLessThan(1024 * 1024);
  });

  it('is away where nobody listens, who listens is silent, or does not speak HTTP', async () => {
    const silent = await listen(createServer(() => {}));
    expect(await askHttp('127.0.0.1', silent, '/', 50)).toBeUndefined();
    server?.close();
    expect(await askHttp('127.0.0.1', silent, '/')).toBeUndefined();
    const other = await listen(createServer((socket) => void socket.end('220 mail\r\n')));
    expect(await askHttp('127.0.0.1', other, '/')).toBeUndefined();
  });
});
