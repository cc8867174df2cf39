import { describe, expect, it } from '@jest/globals';
import type { HttpListener, HttpListenerOptions } from '../../../src/observe/http-listener.ts';
import { textAnswer } from '../../../src/observe/http-message.ts';
import { HttpServer, type HttpServerOptions, ListenError } from '../../../src/observe/http-server.ts';
import type { Log } from '../../../src/observe/log.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const inUse = Object.assign(new Error('listen EADDRINUSE'), { code: 'EADDRINUSE' });

/** A server whose first attempts to listen fail with these errors. */
function setup(failures: Error[], more: Partial<HttpServerOptions> = {}) {
  const clock = new ManualClock();
  const errors: unknown[] = [];
  const fatal: Error[] = [];
  const targets: HttpListenerOptions['target'][] = [];
  let closed = 0;
  const listen = async ({ target }: HttpListenerOptions): Promise<HttpListener> => {
    targets.push(target);
    const failure = failures.shift();
    if (failure !== undefined) throw failure;
    return { port: target.port, close: async () => void (closed += 1) };
  };
  const log: Log = {
    info() {},
    warning() {},
    debug() {},
    error: (_message, error) => errors.push(error),
    isVerbose: () => false,
  };
  const server = new HttpServer({
    name: 'metrics server',
    field: 'metricsBindAddress',
    host: '127.0.0.1',
    port: 10249,
    handler: () => textAnswer(200, 'ok'),
    log,
    clock,
    hardFail: false,
    onFatal: (error) => fatal.push(error),
    listen,
    ...more,
  });
  return { clock, server, errors, fatal, targets, closed: () => closed };
}

describe('HttpServer', () => {
  it('tries again every 5 seconds until it can listen', async () => {
    const { clock, server, errors, targets } = setup([inUse, inUse]);
    await server.start();
    expect(server.port).toBeUndefined();
    await clock.advance(4999);
    expect(targets).toHaveLength(1);
    await clock.advance(1);
    await clock.advance(5000);
    expect([targets.length, server.port, errors.length]).toEqual([3, 10249, 2]);
    await clock.advance(60_000);
    expect(targets).toHaveLength(3);
  });

  it('says which port, why, and which setting', async () => {
    const { server, errors } = setup([inUse], { host: '::1' });
    await server.start();
    expect(errors[0]).toBeInstanceOf(ListenError);
    expect((errors[0] as Error).message).toBe(
      'metrics server cannot listen on [::1]:10249: EADDRINUSE: the port is already in use, perhaps by another kube-proxy on this node; set metricsBindAddress to change it',
    );
  });

  it('reports a failure instead of trying again when told to', async () => {
    const { clock, server, fatal, targets } = setup([inUse], { hardFail: true });
    await server.start();
    await clock.advance(60_000);
    expect([targets.length, fatal.map((error) => (error as ListenError).code)]).toEqual([1, ['LISTEN_FAILED']]);
  });

  it('asks for both families behind a wildcard', async () => {
    const { server, targets } = setup([]);
    await server.start();
    expect(targets[0]).toEqual({ host: '127.0.0.1', port: 10249, wildcard: 'bothFamilies' });
  });

  it('gives up when stopped', async () => {
    const { clock, server, targets } = setup([inUse]);
    await server.start();
    await server.stop();
    await clock.advance(60_000);
    expect(targets).toHaveLength(1);
  });

  it('closes when stopped, even while it begins to listen', async () => {
    const { server, closed } = setup([]);
    const starting = server.start();
    await server.stop();
    await starting;
    expect([closed(), server.port]).toEqual([1, undefined]);
  });
});
