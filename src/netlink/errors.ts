/** A netlink request that failed, or whose outcome is unknown. */
export class NetlinkError extends Error {
  readonly code = 'NETLINK_FAILED';
  /** What was being done, e.g. `dump of IPVS virtual servers`. */
  readonly operation: string;
  /** Positive errno, or a subsystem's own number from 4096 on. */
  readonly errno: number;
  /** Name of the errno, e.g. `EPERM`, or its number. */
  readonly errnoName: string;

  constructor(operation: string, errno: number, kernelMessage?: string, options?: ErrorOptions) {
    const name = errnoName(errno);
    super(`${operation}: ${name}${kernelMessage ? ` (${kernelMessage})` : ''}`, options);
    this.operation = operation;
    this.errno = errno;
    this.errnoName = name;
  }
}

/** A dump that the kernel marked as inconsistent, even after repeating it. Never a full list. */
export class DumpInterruptedError extends Error {
  readonly code = 'NETLINK_DUMP_INTERRUPTED';
  readonly operation: string;

  constructor(operation: string) {
    super(`${operation}: the table kept changing while it was read`);
    this.operation = operation;
  }
}

/** Error numbers this program acts on. Source: asm-generic/errno.h. */
export const errno = {
  EPERM: 1,
  ENOENT: 2,
  ESRCH: 3,
  EINTR: 4,
  EIO: 5,
  EBADF: 9,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EBUSY: 16,
  EEXIST: 17,
  ENODEV: 19,
  EINVAL: 22,
  ENOSPC: 28,
  ERANGE: 34,
  EMSGSIZE: 90,
  EOPNOTSUPP: 95,
  EAFNOSUPPORT: 97,
  EADDRNOTAVAIL: 99,
  ENOBUFS: 105,
  ETIMEDOUT: 110,
} as const;

const names = new Map<number, string>(Object.entries(errno).map(([name, number]) => [number, name]));

/** Name of an errno, or the number as text where this program has no name for it. */
export function errnoName(number: number): string {
  return names.get(number) ?? String(number);
}
