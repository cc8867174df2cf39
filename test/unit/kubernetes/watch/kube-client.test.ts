import type { IncomingMessage } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from '@jest/globals';
import { silentLog } from '../../../../src/observe/log.ts';
import { ApiConnection } from '../../../../src/kubernetes/watch/api-connection.ts';
import type { CredentialSource, Credentials } from '../../../../src/kubernetes/watch/credentials.ts';
import { KubeClient, type RequestObserver } from '../../../../src/kubernetes/watch/kube-client.ts';
import { TokenBucket } from '../../../../src/kubernetes/watch/token-bucket.ts';
import { CertificateAuthority } from '../../../support/api-server/tls/certificate.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { onlyServer } from '../../../support/only-server.ts';
import { recordingLog } from './recording-log.ts';
import type { Step } from './scripted-server.ts';
import { answer, cut, refuse, ScriptedServer, stream } from './scripted-server.ts';

const never = new AbortController().signal;
const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** Credentials that change each time they are read, unless `read` says otherwise. */
function rotating(server: string, tokens: readonly string[]): CredentialSource & { reads: boolean[] } {
  const reads: boolean[] = [];
  return {
    server,
    reads,
    read: (fresh) => {
      reads.push(fresh);
      const token = tokens[Math.min(reads.length, tokens.length) - 1] ?? '';
      return Promise.resolve({ verifyServer: true, headers: { Authorization: `Bearer ${token}` } });
    },
  };
}

async function serve(steps: readonly Step[], options: { path?: string; tokens?: readonly string[] } = {}) {
  const server = new ScriptedServer(steps);
  const port = await server.listen();
  const source = rotating(`http://127.0.0.1:${port}${options.path ?? ''}`, options.tokens ?? ['t1', 't2', 't3']);
  const clock = new ManualClock();
  const { log, lines } = recordingLog();
  const connection = new ApiConnection({ source, clock, log });
  const limiter = new TokenBucket({ clock, perSecond: 1, burst: 2 });
  const reports: string[] = [];
  const observer: RequestObserver = {
    finished: ({ code, method, requestBytes, responseBytes }) =>
      reports.push(`${method} ${code} sent ${requestBytes} received ${responseBytes}`),
    limited: (method, host, seconds) => reports.push(`${method} waited ${seconds} for ${host.replace(/:\d+$/, '')}`),
    retried: (code, method) => reports.push(`${method} again after ${code}`),
  };
  closers.push(async () => {
    connection.close();
    await server.close();
  });
  return {
    server,
    source,
    clock,
    lines,
    reports,
    client: new KubeClient({
      connection,
      servers: onlyServer(source.server),
      clock,
      limiter,
      userAgent: 'kube-proxy/test',
      observer,
    }),
  };
}

describe('KubeClient.getJson', () => {
  it('sends who it is and what it reads, below the path of the server', async () => {
    const { server, client } = await serve([answer(200, { a: 1 })], { path: '/k8s/clusters/c-1' });
    expect(await client.getJson('/api/v1/nodes?limit=1', never)).toEqual({ value: { a: 1 }, sizeBytes: 7 });
    expect(server.requests[0]?.url).toBe('/k8s/clusters/c-1/api/v1/nodes?limit=1');
    expect(server.requests[0]?.headers).toMatchObject({
      accept: 'application/json',
      'accept-encoding': 'gzip',
      'user-agent': 'kube-proxy/test',
      authorization: 'Bearer t1',
    });
  });

  it('reads compressed answers', async () => {
    const step: Step = (response) => {
      response.writeHead(200, { 'Content-Encoding': 'gzip' });
      response.end(gzipSync('{"a":"compressed"}'));
    };
    const { client } = await serve([step]);
    expect(await client.getJson('/x', never)).toEqual({ value: { a: 'compressed' }, sizeBytes: 18 });
  });

  it('reads answers that come in small pieces', async () => {
    const step: Step = (response) => {
      const pieces = ['{"a":', '"\u00e4\u20ac', '"}'].map((text) => Buffer.from(text));
      const bytes = Buffer.concat(pieces);
      response.writeHead(200);
      const send = (index: number): void => {
        if (index === bytes.length) response.end();
        else response.write(bytes.subarray(index, index + 1), () => setImmediate(() => send(index + 1)));
      };
      send(0);
    };
    const { client } = await serve([step]);
    expect((await client.getJson('/x', never)).value).toEqual({ a: 'ä€' });
  });

  it.each<[string, Step, object]>([
    [
      'a Status',
      refuse(403, 'Forbidden'),
      {
        code: 'API_STATUS',
        status: 403,
        reason: 'Forbidden',
        message: expect.stringMatching(/^GET \/x: 403 Forbidden: scripted Forbidden; .*system:node-proxier/),
      },
    ],
    [
      'a page of a proxy',
      answer(502, '<h1>Bad Gateway</h1>'),
      { status: 502, reason: '', message: 'GET /x: 502: <h1>Bad Gateway</h1>' },
    ],
    ['nothing', answer(500, ''), { status: 500, message: 'GET /x: 500: no explanation' }],
    [
      'a wait in the header',
      refuse(429, 'TooManyRequests', { 'Retry-After': '3' }),
      { status: 429, retryAfterMs: 3000 },
    ],
    ['a wait in the Status', answer(429, { details: { retryAfterSeconds: 4 } }), { status: 429, retryAfterMs: 4000 }],
    ['an absurd wait', refuse(503, '', { 'Retry-After': '1e9' }), { retryAfterMs: 300_000 }],
    ['a wait that is a date', refuse(503, '', { 'Retry-After': 'Wed, 21 Oct 2015 07:28:00 GMT' }), { retryAfterMs: 0 }],
    ['what is no JSON', answer(200, '{"a":'), { code: 'API_PROTOCOL' }],
    [
      'half an answer',
      (response) => {
        response.writeHead(200, { 'Content-Length': '100' });
        response.write('{', () => cut(response));
      },
      { code: 'API_CONNECTION' },
    ],
    ['nothing at all', cut, { code: 'API_CONNECTION' }],
    ['an unknown encoding', answer(200, 'x', { 'Content-Encoding': 'br' }), { code: 'API_PROTOCOL' }],
    ['broken compression', answer(200, 'x', { 'Content-Encoding': 'gzip' }), { code: 'API_CONNECTION' }],
  ])('rejects when the answer is %s', async (_name, step, expected) => {
    const { client } = await serve([step]);
    await expect(client.getJson('/x', never)).rejects.toMatchObject(expected);
  });

  it('rejects when the answer does not begin within 30 s', async () => {
    const { server, clock, client } = await serve([]);
    const request = client.getJson('/x', never);
    await server.received(1);
    await Promise.all([
      expect(request).rejects.toThrow(/^GET \/x: http:\S+: no answer within 30 s$/),
      clock.advance(30_000),
    ]);
  });

  it('rejects when the answer does not end within 60 s', async () => {
    const half: Step = (response) => response.writeHead(200).write('{"a":');
    const { clock, client } = await serve([half]);
    let settled = false;
    const request = client.getJson('/x', never).finally(() => {
      settled = true;
    });
    // The header deadline must have been cancelled by the answer before the clock moves.
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
    await clock.advance(59_999);
    expect(settled).toBe(false);
    await Promise.all([expect(request).rejects.toThrow('not finished within 60 s'), clock.advance(1)]);
  });

  it('rejects with the reason of its signal, before, during and after the headers', async () => {
    const half: Step = (response) => response.writeHead(200).write('{"a":');
    const { server, client } = await serve([() => {}, half]);
    const reason = new Error('stopped');
    await expect(client.getJson('/x', AbortSignal.abort(reason))).rejects.toBe(reason);
    for (const count of [1, 2]) {
      const abort = new AbortController();
      const request = client.getJson('/x', abort.signal);
      await server.received(count);
      await new Promise((resolve) => {
        setTimeout(resolve, 20);
      });
      abort.abort(reason);
      await expect(request).rejects.toBe(reason);
    }
  });

  it('names the server when nobody listens', async () => {
    const { server, client } = await serve([]);
    await server.close();
    await expect(client.getJson('/x?watch=true', never)).rejects.toThrow(
      /^GET \/x: http:\/\/127\.0\.0\.1:\d+: connect ECONNREFUSED \S+; nothing listens there/,
    );
    closers.pop();
  });

  it('uses one connection for many requests', async () => {
    const { server, client } = await serve([answer(200, {}), answer(200, {})]);
    await client.getJson('/x', never);
    await client.getJson('/x', never);
    expect(server.requests[0]?.socket).toBe(server.requests[1]?.socket);
  });
});

describe('KubeClient.openStream', () => {
  it('tells why the connection ended, which says whether the server is to blame', async () => {
    const { client } = await serve([stream(['{}'])]);
    const { body, close } = await client.openStream('/watch', { signal: never, deadlineMs: 1e6 });
    const { socket } = body as unknown as IncomingMessage; // it is one, and only it has the socket
    const timeOut = Object.assign(new Error('read ETIMEDOUT'), { code: 'ETIMEDOUT' });
    setTimeout(() => socket.destroy(timeOut), 20);
    const reading = (async () => {
      for await (const chunk of body) expect(chunk.length).toBeGreaterThan(0);
    })();
    await expect(reading).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    close();
  });
});

describe('KubeClient, with respect to the rate limit', () => {
  it('lets requests wait for their turn, but no watch', async () => {
    const { server, clock, client } = await serve([answer(200, {}), answer(200, {}), stream([]), answer(200, {})]);
    await client.getJson('/1', never);
    await client.getJson('/2', never);
    const third = client.getJson('/3', never);
    const { close } = await client.openStream('/watch', { signal: never, deadlineMs: 1e6 });
    expect(server.requests.map((request) => request.url)).toEqual(['/1', '/2', '/watch']);
    await clock.advance(1000);
    await third;
    close();
  });
});

describe('KubeClient.sendJson', () => {
  it.each([
    ['POST', 'application/json'],
    ['PATCH', 'application/strategic-merge-patch+json'],
  ] as const)('sends a body with %s', async (method, contentType) => {
    let text = '';
    const step: Step = (response, request) => {
      request.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      request.on('end', () => response.writeHead(201).end('{}'));
    };
    const { server, client } = await serve([step]);
    await client.sendJson(method, '/events', { note: 'ä' }, never);
    expect(text).toBe('{"note":"ä"}');
    expect(server.requests[0]).toMatchObject({ method, headers: { 'content-type': contentType } });
  });
});

describe('KubeClient, when credentials change', () => {
  it('reads them again after 401 and repeats the request once', async () => {
    const { server, source, client } = await serve([refuse(401, 'Unauthorized'), answer(200, {})]);
    await client.getJson('/x', never);
    expect(server.requests.map((request) => request.headers.authorization)).toEqual(['Bearer t1', 'Bearer t2']);
    expect(source.reads).toEqual([false, true]);
  });

  it('rejects when the new ones are refused too', async () => {
    const { server, client } = await serve([refuse(401, 'Unauthorized'), refuse(401, 'Unauthorized')]);
    await expect(client.getJson('/x', never)).rejects.toMatchObject({ status: 401 });
    expect(server.requests).toHaveLength(2);
  });

  it('reads them again after a minute', async () => {
    const { server, clock, client } = await serve([answer(200, {}), answer(200, {}), answer(200, {})]);
    await client.getJson('/x', never);
    await clock.advance(59_999);
    await client.getJson('/x', never);
    await clock.advance(1);
    await client.getJson('/x', never);
    expect(server.requests.map((request) => request.headers.authorization)).toEqual([
      'Bearer t1',
      'Bearer t1',
      'Bearer t2',
    ]);
  });

  it('goes on with the last ones when they cannot be read, and says so', async () => {
    const { server, source, clock, lines, client } = await serve([answer(200, {}), answer(200, {})]);
    await client.getJson('/x', never);
    source.read = () => Promise.reject(new Error('no such file'));
    await clock.advance(60_000);
    await client.getJson('/x', never);
    expect(server.requests[1]?.headers.authorization).toBe('Bearer t1');
    expect(lines.join()).toContain('no such file');
  });

  it('rejects when they could never be read', async () => {
    const { source, client } = await serve([answer(200, {})]);
    source.read = () => Promise.reject(new Error('no such file'));
    await expect(client.getJson('/x', never)).rejects.toThrow('no such file');
  });
});

describe('KubeClient over TLS', () => {
  const authority = new CertificateAuthority('test-authority');
  const otherAuthority = new CertificateAuthority('other-authority');
  const serverCertificate = authority.issue({ commonName: 'api', usage: 'server', subjectAltNames: ['api.test'] });

  async function serveTls(steps: readonly Step[]) {
    const server = new ScriptedServer(steps, (listener) =>
      createHttpsServer(
        {
          cert: serverCertificate.certificate,
          key: serverCertificate.key,
          ca: authority.certificate,
          requestCert: true,
          rejectUnauthorized: false,
        },
        listener,
      ),
    );
    const port = await server.listen();
    let credentials: Credentials = {
      ca: authority.certificate,
      serverName: 'api.test',
      verifyServer: true,
      headers: {},
    };
    const source: CredentialSource = { server: `https://127.0.0.1:${port}`, read: () => Promise.resolve(credentials) };
    const clock = new ManualClock();
    const connection = new ApiConnection({ source, clock, log: silentLog });
    const limiter = new TokenBucket({ clock, perSecond: -1, burst: 0 });
    closers.push(async () => {
      connection.close();
      await server.close();
    });
    const change = (changes: Partial<Credentials>) => {
      credentials = { ...credentials, ...changes };
    };
    return {
      server,
      clock,
      change,
      client: new KubeClient({ connection, servers: onlyServer(source.server), clock, limiter, userAgent: 'test' }),
    };
  }

  it('checks the server against its authority and by the given name', async () => {
    const { client } = await serveTls([answer(200, { a: 1 })]);
    expect((await client.getJson('/x', never)).value).toEqual({ a: 1 });
  });

  it.each<[string, Partial<Credentials>, string]>([
    ['another authority', { ca: otherAuthority.certificate }, 'unable to verify|self-signed|unable to get'],
    ['another name', { serverName: 'other.test' }, 'other.test'],
  ])('refuses a server of %s', async (_name, change, problem) => {
    const server = await serveTls([answer(200, {})]);
    server.change(change);
    await expect(server.client.getJson('/x', never)).rejects.toThrow(new RegExp(problem));
    expect(server.server.requests).toHaveLength(0);
  });

  it('takes a connection for made once TLS is, on new and on used connections', async () => {
    const { server, clock, client } = await serveTls([answer(200, {}), () => {}, () => {}]);
    await client.getJson('/x', never);
    for (const count of [2, 3]) {
      const request = client.getJson('/x', never);
      await server.received(count);
      await Promise.all([expect(request).rejects.toThrow('no answer within 30 s'), clock.advance(30_000)]);
    }
  });

  it('lets a watch live', async () => {
    const { clock, client } = await serveTls([
      stream(['{}'], (response) => setTimeout(() => response.end('{}\n'), 50)),
    ]);
    const { body } = await client.openStream('/watch', { signal: never, deadlineMs: 1e6 });
    await clock.advance(900_000);
    let text = '';
    for await (const chunk of body) text += chunk.toString();
    expect(text).toBe('{}\n{}\n');
  });

  it('accepts any server when told so', async () => {
    const { client, change } = await serveTls([answer(200, {})]);
    change({ ca: otherAuthority.certificate, verifyServer: false });
    expect((await client.getJson('/x', never)).value).toEqual({});
  });

  it('shows its certificate, and a new one on new connections while a watch goes on', async () => {
    const { server, clock, client, change } = await serveTls([
      stream([], (response) => setTimeout(() => response.end('{}\n'), 100)),
      answer(200, {}),
    ]);
    const peerOf = (index: number) => {
      const socket = server.requests[index]?.socket as unknown as import('node:tls').TLSSocket; // the server is HTTPS
      return socket.getPeerCertificate().subject.CN;
    };
    const issue = (commonName: string): Partial<Credentials> => {
      const issued = authority.issue({ commonName, usage: 'client' });
      return { cert: issued.certificate, key: issued.key };
    };
    change(issue('first'));
    const watch = await client.openStream('/watch', { signal: never, deadlineMs: 1e6 });
    expect(peerOf(0)).toBe('first');
    change(issue('second'));
    await clock.advance(60_000);
    await client.getJson('/x', never);
    expect(peerOf(1)).toBe('second');
    let text = '';
    for await (const chunk of watch.body) text += chunk.toString();
    expect(text).toBe('{}\n');
  });
});

describe('what is told of requests', () => {
  it('has the wait, the status and the sizes of a request', async () => {
    const { client, reports } = await serve([answer(201, { a: 1 })]);
    await client.sendJson('POST', '/x', { b: 22 }, never);
    expect(reports).toEqual(['POST waited 0 for 127.0.0.1', 'POST 201 sent 8 received 7']);
  });

  it('has no size for a watch, and no wait', async () => {
    const { client, reports } = await serve([answer(200, {})]);
    (await client.openStream('/x', { signal: never, deadlineMs: 1000 })).close();
    expect(reports).toEqual(['GET 200 sent 0 received undefined']);
  });

  it('has refused credentials, and the same request again', async () => {
    const { client, reports } = await serve([answer(401, {}), answer(200, {})]);
    await client.getJson('/x', never);
    expect(reports.slice(1)).toEqual(['GET 401 sent 0 received 2', 'GET again after 401', 'GET 200 sent 0 received 2']);
  });

  it('has a request without an answer', async () => {
    const { client, reports } = await serve([cut]);
    await expect(client.getJson('/x', never)).rejects.toThrow('GET /x');
    expect(reports.slice(1)).toEqual(['GET <error> sent 0 received undefined']);
  });
});
