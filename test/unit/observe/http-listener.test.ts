import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  type HttpLimits,
  type HttpListener,
  listenHttp,
  type ListenTarget,
} from '../../../src/observe/http-listener.ts';
import { type HttpHandler, textAnswer } from '../../../src/observe/http-message.ts';

const open: HttpListener[] = [];
const loopback: ListenTarget = { host: '127.0.0.1', port: 0, wildcard: 'asWritten' };

async function listen(
  handler: HttpHandler,
  target = loopback,
  errors: unknown[] = [],
  limits: Partial<HttpLimits> = {},
): Promise<HttpListener> {
  const listener = await listenHttp({ target, handler, limits, onError: (error) => errors.push(error) });
  open.push(listener);
  return listener;
}

/** A client that sends this and no more; `closed` gives what it has got by then. */
function connection(port: number, text: string) {
  const socket = connect(port, '127.0.0.1');
  let received = '';
  socket.setEncoding('utf8').on('data', (part: string) => (received += part));
  socket.on('error', () => {}); // it may be reset
  const connected = new Promise<void>((resolve) => socket.once('connect', () => socket.write(text, () => resolve())));
  const closed = new Promise<string>((resolve) => socket.once('close', () => resolve(received)));
  return { socket, connected, closed };
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((listener) => listener.close()));
});

describe('listenHttp', () => {
  it('hands over method, path, query, headers and body', async () => {
    const { port } = await listen((request) =>
      textAnswer(
        200,
        JSON.stringify([request.method, request.path, [...request.query], request.headers['x-a'], request.body]),
      ),
    );
    const response = await fetch(`http://127.0.0.1:${port}/a/b?c=d?e`, {
      method: 'PUT',
      body: 'text',
      headers: { 'X-A': '1' },
    });
    const text = await response.text();
    expect(JSON.parse(text)).toEqual(['PUT', '/a/b', [['c', 'd?e']], '1', 'text']);
    expect(response.headers.get('content-length')).toBe(String(text.length));
  });

  it('sends no body for HEAD', async () => {
    const { port } = await listen(() => textAnswer(200, 'body'));
    const response = await fetch(`http://127.0.0.1:${port}/`, { method: 'HEAD' });
    expect([response.status, await response.text()]).toEqual([200, '']);
  });

  it('answers 500 when the handler throws, and reports it', async () => {
    const errors: unknown[] = [];
    const failure = new Error('why');
    const { port } = await listen(() => Promise.reject(failure), loopback, errors);
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(500);
    expect(errors).toEqual([failure]);
  });

  it('refuses bodies and headers that are too large', async () => {
    const { port } = await listen(() => textAnswer(200, 'ok'));
    const url = `http://127.0.0.1:${port}/`;
    expect((await fetch(url, { method: 'PUT', body: 'x'.repeat(64 * 1024) })).status).toBe(200);
    expect((await fetch(url, { method: 'PUT', body: 'x'.repeat(64 * 1024 + 1) })).status).toBe(413);
    expect((await fetch(url, { headers: { a: 'x'.repeat(17 * 1024) } })).status).toBe(431);
  });

  it('survives clients that send garbage or go away', async () => {
    const errors: unknown[] = [];
    const { port } = await listen(() => textAnswer(200, 'ok'), loopback, errors);
    for (const text of ['\0\0\0\r\n\r\n', 'PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nab']) {
      await new Promise<void>((resolve) => {
        const socket = connect(port, '127.0.0.1', () => socket.write(text, () => socket.destroy()));
        socket.on('close', () => resolve());
      });
    }
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200);
    expect(errors).toEqual([]);
  });

  it.each([
    ['headers', 'GET / HTTP/1.1\r\nHost: a\r\nX-Slow: '],
    ['a body', 'PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nab'],
  ])('closes a connection that takes too long over %s, and serves others meanwhile', async (_name, text) => {
    const limits = { headersTimeoutMs: 100, requestTimeoutMs: 100, checkIntervalMs: 20 };
    const { port } = await listen(() => textAnswer(200, 'ok'), loopback, [], limits);
    const slow = connection(port, text);
    await slow.connected;
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200);
    expect(await slow.closed).toMatch(/^HTTP\/1.1 408 /);
  });

  it('closes a connection whose client does not read the answer', async () => {
    const answer = { status: 200, headers: {}, body: Buffer.alloc(64 * 1024 * 1024) };
    const { port } = await listen(() => answer, loopback, [], { answerIdleMs: 100 });
    const closed = new Promise((resolve) => {
      const onRequest = (message: unknown): void => {
        unsubscribe('http.server.request.start', onRequest);
        (message as { readonly socket: Socket }).socket.once('close', resolve);
      };
      subscribe('http.server.request.start', onRequest);
    });
    const client = connect({ port, host: '127.0.0.1' }, () => client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'));
    await closed;
    expect(client.bytesRead).toBeLessThan(answer.body.length);
    client.destroy();
  });

  it('closes the oldest connection where there are too many, and answers the new one', async () => {
    const { port } = await listen(() => textAnswer(200, 'ok'), loopback, [], { connections: 3 });
    const idle = [];
    for (let count = 0; count < 3; count += 1) {
      const opened = connection(port, 'GET / HTTP/1.1\r\nX-Part');
      await opened.connected;
      idle.push(opened);
    }
    expect((await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } })).status).toBe(200);
    expect(await idle[0]?.closed).toBe('');
    expect(idle.map(({ socket }) => socket.closed)).toEqual([true, false, false]);
    for (const { socket } of idle) socket.destroy();
  });

  it('keeps no more connections than that however many come at once', async () => {
    const { port } = await listen(() => textAnswer(200, 'ok'), loopback, [], { connections: 3 });
    const flood = Array.from({ length: 30 }, () => connection(port, 'GET / HTTP/1.1\r\nX-Part'));
    await Promise.all(flood.map(({ connected }) => connected));
    expect((await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } })).status).toBe(200);
    await Promise.all(flood.slice(0, 28).map(({ closed }) => closed));
    expect(flood.filter(({ socket }) => !socket.closed)).toHaveLength(2);
    for (const { socket } of flood) socket.destroy();
  });

  it('accepts IPv4 on either wildcard', async () => {
    for (const host of ['0.0.0.0', '::']) {
      const { port } = await listen(() => textAnswer(200, 'ok'), { host, port: 0, wildcard: 'bothFamilies' });
      expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200);
    }
  });

  it('rejects when the port is in use', async () => {
    const { port } = await listen(() => textAnswer(200, 'ok'));
    await expect(listen(() => textAnswer(200, 'ok'), { ...loopback, port })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
  });

  it('closes connections that are kept alive', async () => {
    const listener = await listen(() => textAnswer(200, 'ok'));
    await (await fetch(`http://127.0.0.1:${listener.port}/`)).text();
    await listener.close();
    await expect(fetch(`http://127.0.0.1:${listener.port}/`)).rejects.toThrow('fetch failed');
  });
});
