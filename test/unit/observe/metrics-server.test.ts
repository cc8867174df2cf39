import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import type { HttpAnswer, HttpRequest } from '../../../src/observe/http-message.ts';
import { MetricRegistry } from '../../../src/observe/metric-registry.ts';
import { type MetricsServerOptions, metricsHandler } from '../../../src/observe/metrics-server.ts';

const startTimeMs = Date.UTC(2026, 0, 1);

function setup(more: Partial<MetricsServerOptions> = {}) {
  const registry = new MetricRegistry();
  registry.counter({ name: 'some_total', help: 'Something.', labels: [] }).add({}, 2);
  const verbosities: number[] = [];
  const handler = metricsHandler({
    registry,
    mode: 'ipvs',
    v1alpha1: { kind: 'KubeProxyConfiguration', mode: 'ipvs' },
    flags: { config: '/c', v: '2' },
    enableProfiling: false,
    enableStatusz: true,
    enableFlagz: true,
    status: { startTimeMs, nowMs: () => startTimeMs + 90_061_500, binaryVersion: '1.36.0', emulationVersion: '1.36' },
    setVerbosity: (verbosity) => verbosities.push(verbosity),
    ...more,
  });
  const ask = async (target: string, parts: Partial<HttpRequest> = {}): Promise<HttpAnswer> => {
    const [path = '', query = ''] = target.split('?');
    return await handler({ method: 'GET', path, query: new URLSearchParams(query), headers: {}, body: '', ...parts });
  };
  return { ask, verbosities };
}

const plain = { 'Content-Type': 'text/plain; charset=utf-8', 'X-Content-Type-Options': 'nosniff' };

describe('plain paths', () => {
  it.each([
    ['/healthz', 'ok'],
    ['/healthz/ping', 'ok'],
    ['/healthz?verbose', '[+]ping ok\nhealthz check passed\n'],
    ['/healthz?verbose&exclude=x&exclude=ping', '[+]ping excluded: ok\nhealthz check passed\n'],
    ['/proxyMode', 'ipvs'],
  ])('%s', async (target, body) => {
    expect(await setup().ask(target)).toEqual({ status: 200, headers: plain, body });
  });

  it('/configz', async () => {
    expect(await setup().ask('/configz')).toEqual({
      status: 200,
      headers: { 'Content-Type': 'application/json', 'X-Content-Type-Options': 'nosniff' },
      body: '{"kubeproxy.config.k8s.io":{"kind":"KubeProxyConfiguration","mode":"ipvs"}}',
    });
  });

  it.each(['/', '/livez', '/readyz', '/healthz/', '/healthz/x', '/debug/flags/v', '/debug/pprof/', '/__proto__'])(
    'nothing at %s',
    async (path) => {
      expect((await setup().ask(path)).status).toBe(404);
    },
  );
});

describe('/metrics', () => {
  it('shows the registry in text form', async () => {
    const answer = await setup().ask('/metrics');
    expect(answer.headers).toEqual({
      'Content-Type': 'text/plain; version=0.0.4; charset=utf-8',
      'Process-Start-Time-Unix': '1767225600',
    });
    expect(answer.body).toBe('# HELP some_total [ALPHA] Something.\n# TYPE some_total counter\nsome_total 2\n');
  });

  it.each([
    ['gzip', true],
    ['deflate, gzip;q=0.5', true],
    ['*', true],
    ['gzip;q=0', false],
    ['identity', false],
    ['', false],
  ])('with Accept-Encoding %j', async (header, isCompressed) => {
    const answer = await setup().ask('/metrics', { headers: { 'accept-encoding': header } });
    expect(answer.headers['Content-Encoding']).toBe(isCompressed ? 'gzip' : undefined);
    const text = isCompressed ? gunzipSync(answer.body as Uint8Array).toString() : answer.body;
    expect(text).toContain('some_total 2\n');
  });
});

describe('/metrics/slis', () => {
  it('counts what /healthz answered, and forgets it on DELETE', async () => {
    const { ask } = setup();
    await ask('/healthz');
    await ask('/healthz');
    const text = String((await ask('/metrics/slis')).body);
    expect(text).toContain('kubernetes_healthcheck{name="ping",type="healthz"} 1\n');
    expect(text).toContain('kubernetes_healthchecks_total{name="ping",type="healthz",status="success"} 2\n');
    expect(text).toContain('process_start_time_seconds 1767225600\n');
    expect((await ask('/metrics/slis', { method: 'DELETE' })).body).toBe('metrics reset\n');
    expect((await ask('/metrics/slis')).body).not.toContain('status="success"');
  });
});

describe('/debug/flags', () => {
  it.each([
    ['PUT', '4', 200, [4]],
    ['PUT', ' 10\n', 200, [10]],
    ['PUT', 'x', 400, []],
    ['PUT', '-1', 400, []],
    ['PUT', '', 400, []],
    ['PUT', '2147483648', 400, []],
    ['GET', '4', 406, []],
    ['POST', '4', 406, []],
  ])('%s %j', async (method, body, status, expected) => {
    const { ask, verbosities } = setup({ enableProfiling: true });
    const answer = await ask('/debug/flags/v', { method, body });
    expect([answer.status, verbosities]).toEqual([status, expected]);
    expect(answer.headers).toEqual(plain);
  });

  it('has an index', async () => {
    expect((await setup({ enableProfiling: true }).ask('/debug/flags/')).body).toContain('<a href="/debug/flags/v">');
  });
});

describe('/statusz and /flagz', () => {
  const accept = (header: string) => ({ headers: { accept: header } });

  it.each(['', '*/*', 'text/plain', 'application/json, text/plain;q=0.5'])('are text for Accept %j', async (header) => {
    const { ask } = setup();
    const status = await ask('/statusz', accept(header));
    expect(status.headers).toEqual(plain);
    expect(status.body).toMatch(/^\nkube-proxy statusz\nWarning: /);
    expect(status.body).toContain('Up: 25 hr 01 min 01 sec\n');
    expect(status.body).toContain('Paths: /configz /flagz /healthz /metrics /proxyMode\n');
    expect((await ask('/flagz', accept(header))).body).toContain('config: /c\nv: 2\n');
  });

  it('are objects when asked for by name', async () => {
    const { ask } = setup();
    const flagz = await ask('/flagz', accept('application/json;g=config.k8s.io;v=v1beta1;as=Flagz'));
    expect(JSON.parse(String(flagz.body))).toEqual({
      kind: 'Flagz',
      apiVersion: 'config.k8s.io/v1beta1',
      metadata: { name: 'kube-proxy' },
      flags: { config: '/c', v: '2' },
    });
    const statusz = await ask('/statusz', accept('application/yaml; g=config.k8s.io; v=v1beta1; as=Statusz'));
    expect(statusz.headers['Content-Type']).toBe('application/yaml');
    expect(JSON.parse(String(statusz.body))).toMatchObject({
      kind: 'Statusz',
      uptimeSeconds: 90_061,
      binaryVersion: '1.36.0',
      emulationVersion: '1.36',
    });
  });

  it('warn about the old version', async () => {
    const answer = await setup().ask('/flagz', accept('application/json;g=config.k8s.io;v=v1alpha1;as=Flagz'));
    expect(answer.headers.Warning).toMatch(/^299 - /);
    expect(String(answer.body)).toContain('config.k8s.io/v1alpha1');
  });

  it.each([
    'application/json',
    'application/json;g=config.k8s.io;v=v1beta1;as=Statusz',
    'application/json;g=config.k8s.io;v=v2;as=Flagz',
    'image/png',
    ';;=,',
  ])('are not acceptable as %s', async (header) => {
    const answer = await setup().ask('/flagz', accept(header));
    expect(answer.status).toBe(406);
    expect(JSON.parse(String(answer.body))).toMatchObject({ kind: 'Status', code: 406, reason: 'NotAcceptable' });
  });

  it('disappear with their gates', async () => {
    const { ask } = setup({ enableStatusz: false, enableFlagz: false });
    expect([(await ask('/statusz')).status, (await ask('/flagz')).status]).toEqual([404, 404]);
  });
});
