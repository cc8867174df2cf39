/** Which driver reports. */
export type DriverName = 'ipvs' | 'address' | 'ipset' | 'rules' | 'conntrack' | 'sysctl';

/** An operation on the kernel that failed. The operation stays pending and is tried again with back-off. */
export class DriverError extends Error {
  readonly code = 'DRIVER_FAILED';
  readonly driver: DriverName;
  /** What was tried on what, e.g. `add virtual server TCP/10.96.0.1:443 (rr)`. */
  readonly operation: string;
  /** Name of the errno (`ENOENT`), or empty when there is none. */
  readonly errnoName: string;
  /** Likely cause and remedy, in one sentence; empty when nothing is known beyond the errno. */
  readonly hint: string;

  constructor(
    driver: DriverName,
    operation: string,
    failure: { readonly errnoName?: string; readonly hint?: string; readonly detail?: string },
    options?: ErrorOptions,
  ) {
    const words = [failure.errnoName, failure.detail, failure.hint].filter(Boolean).join(': ');
    super(`${operation}: ${words}`, options);
    this.driver = driver;
    this.operation = operation;
    this.errnoName = failure.errnoName ?? '';
    this.hint = failure.hint ?? '';
  }
}
