/** Values of a log line: printed as `key="value"` (text) or as JSON members. */
export type LogFields = Readonly<Record<string, unknown>>;

/**
 * Where log lines go. The message is a constant sentence; what varies goes into the fields. `verbose(n)` tells
 * whether lines of that verbosity are wanted, so that costly fields need not be built.
 */
export interface Log {
  info(message: string, fields?: LogFields): void;
  warning(message: string, fields?: LogFields): void;
  /** `error` is printed as `err="..."`. */
  error(message: string, error: unknown, fields?: LogFields): void;
  /** An info line that appears only when `--v` is at least `verbosity`. */
  debug(verbosity: number, message: string, fields?: LogFields): void;
  isVerbose(verbosity: number): boolean;
}

/** A log that drops everything. */
export const silentLog: Log = {
  info() {},
  warning() {},
  error() {},
  debug() {},
  isVerbose: () => false,
};
