import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { ConnectionError, ProtocolError } from './errors.ts';

export interface ReadBodyOptions {
  /** Named in errors. */
  readonly request: string;
  /** After decompression. */
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

/** Reads a body to its end, decompressed. Rejects as `ApiClient` promises; the connection is then closed. */
export async function readBody(response: IncomingMessage, options: ReadBodyOptions): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  try {
    for await (const chunk of decoded(response, options.request) as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      sizeBytes += chunk.length;
      if (sizeBytes > options.maxBytes) {
        throw new ProtocolError(options.request, `the answer is larger than ${options.maxBytes} bytes`);
      }
    }
    return Buffer.concat(chunks, sizeBytes);
  } catch (error) {
    response.destroy();
    if (options.signal.aborted) throw options.signal.reason;
    if (error instanceof ProtocolError || error instanceof ConnectionError) throw error;
    throw new ConnectionError(options.request, `the answer was cut: ${String(error)}`, { cause: error });
  }
}

function decoded(response: IncomingMessage, request: string): Readable {
  const encoding = response.headers['content-encoding'] ?? 'identity';
  if (encoding === 'identity') return response;
  if (encoding !== 'gzip') throw new ProtocolError(request, `the answer has unknown encoding ${encoding}`);
  const plain = createGunzip();
  response.on('error', (error) => plain.destroy(error));
  return response.pipe(plain);
}
