/** Bytes that go out together. */
const roomBytes = 64 * 1024;
/** Longer texts are written for themselves. */
const longestText = 1024;
const zero = 0x30;
const dot = 0x2e;
const colon = 0x3a;
const blank = 0x20;

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

  /** Part of other bytes; at most some hundred. */
  bytes(source: Uint8Array, start: number, end: number): void {
    this.#makeRoom(end - start);
    let to = this.#length;
    for (let at = start; at < end; at++) this.#buffer[to++] = source[at] ?? 0;
    this.#length = to;
  }

  /** `10.244.1.7:8080` out of `address * 65536 + port`, filled up with blanks to `width`. */
  endpoint(endpoint: number, width: number): void {
    this.#makeRoom(Math.max(width, 32));
    const buffer = this.#buffer;
    const port = endpoint % 65_536;
    const address = (endpoint - port) / 65_536;
    let at = this.#length;
    const end = at + width;
    at = writeNumber(buffer, at, address >>> 24);
    buffer[at++] = dot;
    at = writeNumber(buffer, at, (address >>> 16) & 255);
    buffer[at++] = dot;
    at = writeNumber(buffer, at, (address >>> 8) & 255);
    buffer[at++] = dot;
    at = writeNumber(buffer, at, address & 255);
    buffer[at++] = colon;
    at = writeNumber(buffer, at, port);
    while (at < end) buffer[at++] = blank;
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
  let divisor = value >= 10_000 ? 10_000 : value >= 1_000 ? 1_000 : value >= 100 ? 100 : value >= 10 ? 10 : 1;
  let rest = value;
  while (divisor >= 1) {
    const digit = Math.trunc(rest / divisor);
    buffer[at++] = zero + digit;
    rest -= digit * divisor;
    divisor = Math.trunc(divisor / 10);
  }
  return at;
}
