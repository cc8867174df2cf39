/** Something in an object that was left out or replaced by its default. */
export interface DecodeWarning {
  /** Path of the field, e.g. `spec.externalIPs[1]`. */
  readonly field: string;
  readonly problem: string;
}

/** What came of decoding one object. */
export interface Decoded<T> {
  /** Undefined for a well-formed object that this program does not use, such as an EndpointSlice of host names. */
  readonly object: T | undefined;
  /** In the order of the fields; empty for nearly every object. */
  readonly warnings: readonly DecodeWarning[];
}
