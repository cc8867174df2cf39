/** A request to the API server that has been answered, or has failed without an answer. */
export interface FinishedRequest {
  /** HTTP status, or `<error>` without an answer. */
  readonly code: string;
  /** HTTP method, in capitals. */
  readonly method: string;
  /** Host and port of the API server. */
  readonly host: string;
  /** Until the headers of the answer. */
  readonly durationSeconds: number;
  readonly requestBytes: number;
  /** Size of the answer's body after decompression; undefined for a watch, whose body has no end. */
  readonly responseBytes: number | undefined;
}
