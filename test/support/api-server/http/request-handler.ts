import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Authentication } from '../authentication.ts';
import { discoveryDocument } from '../discovery/discovery.ts';
import { OPENAPI_V2_TYPE, openApiV2Document } from '../discovery/openapi-v2.ts';
import { openApiV3Document } from '../discovery/openapi-v3.ts';
import type { Fault, Faults, OpenWatch } from '../faults.ts';
import { present } from '../objects/event-conversion.ts';
import type { ObjectRegistry } from '../objects/object-registry.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import { ApiError, badRequest, noSuchPath, reasonOfCode } from '../objects/status.ts';
import { Exchange } from './exchange.ts';
import { listPage } from './list.ts';
import type { RequestLog } from './request-log.ts';
import type { ResourceRequest } from './resource-request.ts';
import { parseResourceRequest } from './resource-request.ts';
import { WatchStream } from './watch-stream.ts';
import { serveCreate, serveDelete, serveDeleteCollection, servePatch, serveUpdate } from './write-verbs.ts';

export interface RequestHandlerOptions {
  readonly store: ObjectStore;
  readonly registry: ObjectRegistry;
  readonly authentication: Authentication;
  readonly faults: Faults;
  readonly requests: RequestLog;
  readonly openWatches: Set<OpenWatch>;
  /** For instance `v1.36.0`. */
  readonly serverVersion: string;
  readonly bookmarkIntervalMs: number;
  readonly gzipThresholdBytes: number;
  readonly log: (line: string) => void;
}

/** Answers every request: authentication, faults, discovery, objects. */
export class RequestHandler {
  readonly #options: RequestHandlerOptions;

  constructor(options: RequestHandlerOptions) {
    this.#options = options;
  }

  /** Never throws: what goes wrong becomes a `Status`, or a closed connection when the answer has begun. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const exchange = this.#open(request, response);
    try {
      await this.#serve(exchange);
    } catch (error) {
      await this.#answerError(exchange, error);
    } finally {
      this.#options.log(`${request.method} ${request.url} ${exchange.record.code ?? 'no answer'}`);
    }
  }

  #open(request: IncomingMessage, response: ServerResponse): Exchange {
    const { method = '', headers } = request;
    const url = new URL(request.url ?? '/', 'http://localhost');
    const { pathname: path, searchParams: query } = url;
    const record = { method, path, query, headers, verb: undefined, resource: undefined, code: undefined };
    const { gzipThresholdBytes } = this.#options;
    return new Exchange({ request, response, url, record, gzipThresholdBytes });
  }

  async #serve(exchange: Exchange): Promise<void> {
    const target = parseResourceRequest(exchange.request.method ?? '', exchange.url);
    exchange.record.verb = target?.verb;
    exchange.record.resource = target?.resource.plural;
    this.#options.requests.add(exchange.record);
    exchange.faults = this.#options.faults.take(target);
    if (await sufferFaults(exchange, target)) return;
    this.#options.authentication.check(exchange.request);
    if (target !== undefined) return this.#serveObjects(exchange, target);
    return this.#serveDocument(exchange);
  }

  #serveDocument(exchange: Exchange): Promise<void> {
    const path = exchange.url.pathname;
    if (/^\/(healthz|livez|readyz)(\/|$)/.test(path)) return exchange.send(200, 'text/plain', Buffer.from('ok'));
    if (path === '/openapi/v2') return exchange.send(200, OPENAPI_V2_TYPE, openApiV2Document());
    const document = discoveryDocument(path, this.#options.serverVersion) ?? openApiV3Document(path);
    if (document === undefined) throw noSuchPath();
    return exchange.sendJson(200, document);
  }

  #serveObjects(exchange: Exchange, target: ResourceRequest): Promise<void> {
    const { registry, store } = this.#options;
    switch (target.verb) {
      case 'get':
        return this.#serveGet(exchange, target);
      case 'list': {
        const { items, metadata } = listPage(store, target);
        return exchange.sendList(target.resource, items, metadata);
      }
      case 'watch':
        return this.#serveWatch(exchange, target);
      case 'create':
        return serveCreate(registry, exchange, target);
      case 'update':
        return serveUpdate(registry, exchange, target);
      case 'patch':
        return servePatch(registry, exchange, target);
      case 'delete':
        return serveDelete(registry, exchange, target);
      case 'deletecollection':
        return serveDeleteCollection(registry, exchange, target, listPage(store, target).items);
      default:
        return target.verb satisfies never;
    }
  }

  #serveGet(exchange: Exchange, target: ResourceRequest): Promise<void> {
    const { resource, namespace, name = '' } = target;
    const object = this.#options.registry.get(resource, namespace, name);
    return exchange.sendObject(200, resource, present(resource, object));
  }

  async #serveWatch(exchange: Exchange, request: ResourceRequest): Promise<void> {
    const { store, bookmarkIntervalMs, openWatches } = this.#options;
    const watch = new WatchStream({ store, exchange, request, bookmarkIntervalMs });
    openWatches.add(watch);
    try {
      watch.start(() => openWatches.delete(watch));
    } catch (error) {
      openWatches.delete(watch);
      throw error;
    }
  }

  async #answerError(exchange: Exchange, error: unknown): Promise<void> {
    if (exchange.response.headersSent || exchange.response.destroyed) {
      exchange.response.destroy();
      return;
    }
    if (!(error instanceof ApiError)) this.#options.log(`internal error: ${String(error)}`);
    await exchange.sendStatus(error instanceof ApiError ? error : new ApiError(500, 'InternalError', String(error)));
  }
}

/** The faults that act before an answer; true when there will be none, an error is thrown for those that answer. */
async function sufferFaults(exchange: Exchange, target: ResourceRequest | undefined): Promise<boolean> {
  for (const fault of exchange.faults) {
    if (fault.kind === 'delay') await sleep(fault.delayMs);
  }
  for (const fault of exchange.faults) {
    if (fault.kind === 'hang') return true;
    if (fault.kind === 'disconnect') {
      exchange.request.socket.destroy();
      return true;
    }
    if (fault.kind === 'status') throw statusOf(fault);
    if (fault.kind === 'refuseSendInitialEvents' && target?.query.has('sendInitialEvents') === true) {
      throw badRequest('sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled');
    }
  }
  return false;
}

function statusOf(fault: Extract<Fault, { kind: 'status' }>): ApiError {
  const { code, retryAfterSeconds } = fault;
  const details = retryAfterSeconds === undefined ? undefined : { retryAfterSeconds };
  return new ApiError(code, reasonOfCode(code), fault.message ?? `injected failure ${code}`, details);
}
