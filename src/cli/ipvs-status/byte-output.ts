import { longestInColumn } from './endpoint-names.ts';

/** Bytes that go out together. */
const roomBytes = 64 * 1024;
/** Longer texts are written for themselves. */
const longestText = 1024;
const zero = 0x30;
const dot = 0x2e;
const colon = 0x3a;
const blank = 0x20;
const dash = 0x2d;
const greater = 0x3e;
/** Where the columns behind the endpoint begin. */
const endpointColumn = 5 + longestInColumn + 1;

/** Gathers what is printed as bytes and writes it in large pieces. Letters are one byte each. */
export class ByteOutput {
  readonly #write: (bytes: Uint8Array) => void;
  readonly #buffer = Buffer.allocUnsafeSlow(roomBytes);
  #length = 0;

  constructor(write: (bytes: Uint8Array) => void) {
    this.#write = write;
  }

  text(text: string): void {
    if (text.length > longestText) {
      this.flush();
      this.#write(Buffer.from(text, 'latin1'));
      return;
    }
    this.#makeRoom(text.length);
    this.#length += this.#buffer.write(text, this.#length, 'latin1');
  }

  /**
   * The line of a real server: `  -> 10.244.1.7:8080`, out of `address * 65536 + port`, filled up with blanks to its
   * column, and the rest of its line; that is at most some hundred bytes.
   */
  realServer(endpoint: number, columns: Uint8Array): void {
    this.#makeRoom(endpointColumn + columns.length);
    const buffer = this.#buffer;
    const port = endpoint % 65_536;
    const address = (endpoint - port) / 65_536;
    let at = this.#length;
    const columnEnd = at + endpointColumn;
    buffer[at++] = blank;
    buffer[at++] = blank;
    buffer[at++] = dash;
    buffer[at++] = greater;
    buffer[at++] = blank;
    at = writeNumber(buffer, at, address >>> 24);
    buffer[at++] = dot;
    at = writeNumber(buffer, at, (address >>> 16) & 255);
    buffer[at++] = dot;
    at = writeNumber(buffer, at, (address >>> 8) & 255);
    buffer[at++] = dot;
    at = writeNumber(buffer, at, address & 255);
    buffer[at++] = colon;
    at = writeNumber(buffer, at, port);
    while (at < columnEnd) buffer[at++] = blank;
    for (let from = 0; from < columns.length; from++) buffer[at++] = columns[from] ?? 0;
    this.#length = at;
  }

  flush(): void {
    if (this.#length > 0) this.#write(this.#buffer.subarray(0, this.#length));
    this.#length = 0;
  }

  #makeRoom(length: number): void {
    if (this.#length + length > roomBytes) this.flush();
  }
}

/** Writes a decimal number of at most five digits; where it ends. */
function writeNumber(buffer: Buffer, start: number, value: number): number {
  let at = start;
  if (value >= 10_000) buffer[at++] = zero + ((value / 10_000) | 0);
  if (value >= 1_000) buffer[at++] = zero + (((value / 1_000) | 0) % 10);
  if (value >= 100) buffer[at++] = zero + (((value / 100) | 0) % 10);
  if (value >= 10) buffer[at++] = zero + (((value / 10) | 0) % 10);
  buffer[at++] = zero + (value % 10);
  return at;
}
