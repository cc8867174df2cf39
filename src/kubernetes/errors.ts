/** An object from the API or a manifest that cannot be used. It counts as absent. */
export class DecodeError extends Error {
  readonly code = 'DECODE_FAILED';
  readonly kind: string;
  /** `namespace/name`, or `name` for a cluster-wide object; `?` where there is none. */
  readonly object: string;
  /** Path of the field, e.g. `spec.ports[0].port`. */
  readonly field: string;

  constructor(kind: string, object: string, field: string, problem: string) {
    super(`${kind} ${object}: ${field}: ${problem}`);
    this.kind = kind;
    this.object = object;
    this.field = field;
  }
}
