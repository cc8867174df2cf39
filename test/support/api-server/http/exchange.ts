import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { parse } from 'yaml';
import { partialObject, tableOf } from '../discovery/table.ts';
import type { Fault } from '../faults.ts';
import type { JsonRecord, KubernetesObject } from '../objects/kubernetes-object.ts';
import type { Resource } from '../objects/resources.ts';
import { ApiError, badRequest } from '../objects/status.ts';
import { BodyWriter } from './body-writer.ts';
import type { RequestRecord } from './request-log.ts';

export interface ExchangeOptions {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  readonly record: RequestRecord;
  /** Bodies from this size on are compressed for clients that accept gzip. */
  readonly gzipThresholdBytes: number;
}

/** In which form the client wants objects. */
export type ObjectForm = 'object' | 'table' | 'metadata';

const MAXIMUM_BODY_BYTES = 16 * 1024 * 1024;
const compress = promisify(gzip);

/** One request and its answer. */
export class Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  readonly record: RequestRecord;
  /** What goes wrong with the answer. */
  faults: readonly Fault[] = [];
  readonly #gzipThresholdBytes: number;

  constructor(options: ExchangeOptions) {
    this.request = options.request;
    this.response = options.response;
    this.url = options.url;
    this.record = options.record;
    this.#gzipThresholdBytes = options.gzipThresholdBytes;
  }

  get form(): ObjectForm {
    const accept = this.request.headers.accept ?? '';
    if (accept.includes('as=Table')) return 'table';
    return accept.includes('as=PartialObjectMetadata') ? 'metadata' : 'object';
  }

  /** The decoded body: JSON, or YAML when the content type says so. Throws 415 for protobuf, 400 if unreadable. */
  async readBody(): Promise<unknown> {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of this.request as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > MAXIMUM_BODY_BYTES) throw new ApiError(413, 'RequestEntityTooLarge', 'request body is too large');
      chunks.push(chunk);
    }
    return decodeBody(Buffer.concat(chunks).toString('utf8'), this.request.headers['content-type'] ?? '');
  }

  sendObject(code: number, resource: Resource, object: KubernetesObject): Promise<void> {
    return this.sendJson(code, this.shape(resource, object, { resourceVersion: object.metadata.resourceVersion }));
  }

  sendList(resource: Resource, items: readonly KubernetesObject[], metadata: JsonRecord): Promise<void> {
    if (this.form === 'table') {
      const includeObject = this.url.searchParams.get('includeObject');
      return this.sendJson(200, tableOf(resource, items, { metadata, withColumns: true, includeObject }));
    }
    if (this.form === 'metadata') {
      const head = { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1', metadata };
      return this.sendJson(200, { ...head, items: items.map(partialObject) });
    }
    return this.sendJson(200, { kind: `${resource.kind}List`, apiVersion: resource.apiVersion, metadata, items });
  }

  /** An object in the form the client wants. */
  shape(resource: Resource, object: KubernetesObject, metadata: JsonRecord, withColumns = true): object {
    if (this.form === 'object') return object;
    if (this.form === 'metadata') return partialObject(object);
    const includeObject = this.url.searchParams.get('includeObject');
    return tableOf(resource, [object], { metadata, withColumns, includeObject });
  }

  sendStatus(error: ApiError): Promise<void> {
    const seconds = error.details?.retryAfterSeconds;
    return this.sendJson(error.code, error.status, seconds === undefined ? {} : { 'retry-after': String(seconds) });
  }

  sendJson(code: number, body: object, headers: Record<string, string> = {}): Promise<void> {
    const text = JSON.stringify(body);
    const broken = this.faults.some((fault) => fault.kind === 'badJson');
    return this.send(
      code,
      'application/json',
      Buffer.from(broken ? text.slice(0, text.length / 2) : text, 'utf8'),
      headers,
    );
  }

  async send(code: number, type: string, body: Buffer, headers: Record<string, string> = {}): Promise<void> {
    const compressed = body.length >= this.#gzipThresholdBytes && this.#acceptsGzip;
    const content = compressed ? await compress(body, { level: 1 }) : body;
    const encoding = compressed ? { 'content-encoding': 'gzip', vary: 'Accept-Encoding' } : {};
    const length = String(content.length);
    this.#writeHead(code, { 'content-type': type, 'content-length': length, ...encoding, ...headers });
    const writer = new BodyWriter(this.response, this.faults);
    writer.write(content);
    writer.end();
  }

  /** Starts an answer of unknown length and returns its writer. */
  startStream(type: string): BodyWriter {
    this.#writeHead(200, { 'content-type': type, 'cache-control': 'no-cache, private' });
    this.response.flushHeaders();
    return new BodyWriter(this.response, this.faults);
  }

  get #acceptsGzip(): boolean {
    return String(this.request.headers['accept-encoding'] ?? '').includes('gzip');
  }

  #writeHead(code: number, headers: Record<string, string>): void {
    this.record.code = code;
    this.response.writeHead(code, headers);
  }
}

function decodeBody(text: string, contentType: string): unknown {
  if (text === '') return undefined;
  if (contentType.includes('protobuf')) {
    const accepted = 'application/json, application/yaml';
    const message = `the body of the request was in an unknown format - accepted media types include: ${accepted}`;
    throw new ApiError(415, 'UnsupportedMediaType', message);
  }
  try {
    return contentType.includes('yaml') && !text.trimStart().startsWith('{') ? parse(text) : JSON.parse(text);
  } catch (error) {
    throw badRequest(
      `error decoding the body of the request: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
