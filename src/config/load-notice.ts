/** Something to log once the log exists: found while the configuration was read. */
export interface LoadNotice {
  readonly level: 'info' | 'warning';
  /** Lines of a higher verbosity than the configured one are not shown. */
  readonly verbosity: number;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}
