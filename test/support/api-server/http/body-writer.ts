import type { ServerResponse } from 'node:http';
import type { Fault } from '../faults.ts';

/** Writes the body of an answer: whole, or as slowly and as incompletely as the faults of the request say. */
export class BodyWriter {
  readonly #response: ServerResponse;
  readonly #slow: { readonly chunkBytes: number; readonly pauseMs: number } | undefined;
  readonly #queue: Buffer[] = [];
  #bytesLeft: number;
  #ending = false;
  #pumping = false;

  constructor(response: ServerResponse, faults: readonly Fault[]) {
    this.#response = response;
    this.#slow = faults.find((fault) => fault.kind === 'slowBody');
    this.#bytesLeft = faults.find((fault) => fault.kind === 'truncateBody')?.bytes ?? Number.POSITIVE_INFINITY;
  }

  write(content: Buffer | string): void {
    if (this.#slow === undefined && this.#bytesLeft === Number.POSITIVE_INFINITY) {
      this.#response.write(content);
      return;
    }
    this.#queue.push(typeof content === 'string' ? Buffer.from(content, 'utf8') : content);
    this.#pump();
  }

  /** Ends the answer when everything is written. */
  end(): void {
    this.#ending = true;
    this.#pump();
  }

  #pump(): void {
    if (this.#pumping) return;
    while (!this.#response.destroyed) {
      const piece = this.#nextPiece();
      if (piece === undefined) break;
      this.#response.write(piece);
      this.#bytesLeft -= piece.length;
      if (this.#bytesLeft <= 0) return this.#cut();
      if (this.#slow !== undefined) return this.#pause(this.#slow.pauseMs);
    }
    if (this.#ending) this.#response.end();
  }

  #pause(pauseMs: number): void {
    this.#pumping = true;
    setTimeout(() => {
      this.#pumping = false;
      this.#pump();
    }, pauseMs).unref();
  }

  #nextPiece(): Buffer | undefined {
    const first = this.#queue.shift();
    if (first === undefined) return undefined;
    const size = Math.min(this.#slow?.chunkBytes ?? first.length, this.#bytesLeft);
    if (size < first.length) this.#queue.unshift(first.subarray(size));
    return first.subarray(0, size);
  }

  /** Waits until the bytes are on their way, so that the client has them when the connection ends. */
  #cut(): void {
    this.#response.write('', () => this.#response.socket?.destroy());
  }
}
