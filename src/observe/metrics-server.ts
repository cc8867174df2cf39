import { gzip } from 'node:zlib';
import { flagzAnswer, statuszAnswer, type StatuszInputs } from './component-pages.ts';
import { HealthCheckCounters } from './health-check-counters.ts';
import {
  type HttpAnswer,
  type HttpHandler,
  type HttpRequest,
  jsonAnswer,
  notFound,
  textAnswer,
} from './http-message.ts';
import type { MetricRegistry } from './metric-registry.ts';

/** What the metrics server shows. */
export interface MetricsServerOptions {
  readonly registry: MetricRegistry;
  /** The mode in effect, e.g. `ipvs`. */
  readonly mode: string;
  /** The effective configuration in the form of its file. */
  readonly v1alpha1: Readonly<Record<string, unknown>>;
  readonly flags: Readonly<Record<string, string>>;
  readonly enableProfiling: boolean;
  readonly enableStatusz: boolean;
  readonly enableFlagz: boolean;
  readonly status: Omit<StatuszInputs, 'paths'>;
  readonly setVerbosity: (verbosity: number) => void;
}

type Route = (request: HttpRequest) => HttpAnswer | Promise<HttpAnswer>;

/** Serves the paths of kube-proxy's metrics port; everything else is 404. There are no profiles. */
export function metricsHandler(options: MetricsServerOptions): HttpHandler {
  const checks = new HealthCheckCounters(options.status.startTimeMs / 1000);
  const routes = new Map<string, Route>([
    ['/healthz', (request) => healthzAnswer(request, checks)],
    ['/healthz/ping', () => textAnswer(200, 'ok')],
    ['/metrics', (request) => metricsAnswer(request, options)],
    ['/metrics/slis', (request) => slisAnswer(request, checks)],
    ['/proxyMode', () => textAnswer(200, options.mode)],
    ['/configz', () => jsonAnswer(200, JSON.stringify({ 'kubeproxy.config.k8s.io': options.v1alpha1 }))],
  ]);
  if (options.enableStatusz) routes.set('/statusz', (request) => statuszAnswer(request, statuszInputs(options)));
  if (options.enableFlagz) routes.set('/flagz', (request) => flagzAnswer(request, options.flags));
  if (options.enableProfiling) addDebugRoutes(routes, options.setVerbosity);
  return (request) => (routes.get(request.path) ?? (() => notFound))(request);
}

function statuszInputs(options: MetricsServerOptions): StatuszInputs {
  const paths = ['/configz', ...(options.enableFlagz ? ['/flagz'] : []), '/healthz', '/metrics', '/proxyMode'];
  return { ...options.status, paths };
}

/** Whether this port answers; unlike the health port it says nothing about Services. */
function healthzAnswer({ query }: HttpRequest, checks: HealthCheckCounters): HttpAnswer {
  checks.succeeded('ping', 'healthz');
  if (!query.has('verbose')) return textAnswer(200, 'ok');
  const excluded = query.getAll('exclude').includes('ping');
  const line = excluded ? '[+]ping excluded: ok' : '[+]ping ok';
  return textAnswer(200, `${line}\nhealthz check passed\n`);
}

async function metricsAnswer({ headers }: HttpRequest, options: MetricsServerOptions): Promise<HttpAnswer> {
  const text = await options.registry.render();
  const common = {
    'Content-Type': options.registry.contentType,
    'Process-Start-Time-Unix': String(Math.floor(options.status.startTimeMs / 1000)),
  };
  if (!acceptsGzip(headers['accept-encoding'] ?? '')) return { status: 200, headers: common, body: text };
  return { status: 200, headers: { ...common, 'Content-Encoding': 'gzip' }, body: await compressed(text) };
}

function acceptsGzip(header: string): boolean {
  return header.split(',').some((each) => {
    const [name = '', ...parameters] = each.split(';').map((part) => part.trim().toLowerCase());
    return (name === 'gzip' || name === '*') && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
  });
}

function compressed(text: string): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    gzip(text, (error, bytes) => (error === null ? resolve(bytes) : reject(error)));
  });
}

async function slisAnswer({ method }: HttpRequest, checks: HealthCheckCounters): Promise<HttpAnswer> {
  if (method === 'DELETE') {
    checks.reset();
    return textAnswer(200, 'metrics reset\n');
  }
  return {
    status: 200,
    headers: { 'Content-Type': checks.registry.contentType },
    body: await checks.registry.render(),
  };
}

function addDebugRoutes(routes: Map<string, Route>, setVerbosity: (verbosity: number) => void): void {
  const index: Route = () => ({
    status: 200,
    headers: { 'Content-Type': 'text/html; charset=utf-8', 'X-Content-Type-Options': 'nosniff' },
    body: '<html><head><title>/debug/flags/</title></head><body>/debug/flags/<br>flags: <a href="/debug/flags/v">v</a></body></html>\n',
  });
  routes.set('/debug/flags', index);
  routes.set('/debug/flags/', index);
  routes.set('/debug/flags/v', (request) => verbosityAnswer(request, setVerbosity));
}

function verbosityAnswer({ method, body }: HttpRequest, setVerbosity: (verbosity: number) => void): HttpAnswer {
  if (method !== 'PUT') return textAnswer(406, 'unsupported http method\n');
  const text = body.trim();
  const verbosity = Number(text);
  if (!/^\d+$/.test(text) || verbosity > 2147483647) {
    return textAnswer(400, `${JSON.stringify(text.slice(0, 100))} is not a verbosity, allowed: 0 to 2147483647\n`);
  }
  setVerbosity(verbosity);
  return textAnswer(200, `successfully set log verbosity to ${verbosity}\n`);
}
