/** What ipvsadm calls the refusals of the kernel. */
const refusals: Readonly<Record<string, string>> = {
  EPERM: 'Permission denied (you must be root)',
  EACCES: 'Permission denied (you must be root)',
  ESRCH: 'No such service',
  ENOMEM: 'Memory allocation problem',
  EAFNOSUPPORT: 'Operation not supported with specified address family',
  EINVAL: 'Invalid operation.  Possibly wrong module version, address not unicast, ...',
};

/** The kernel's IPVS cannot be reached at all. */
export function initializationFailure(error: unknown): string {
  const reason = refusals[errnoNameOf(error)] ?? 'Protocol not available';
  return (
    `Can't initialize ipvs: ${reason}\n` + 'Are you sure that IP Virtual Server is built in the kernel or as module?\n'
  );
}

/** A listing failed. */
export function listingFailure(error: unknown): string {
  return `${refusals[errnoNameOf(error)] ?? (error instanceof Error ? error.message : String(error))}\n`;
}

/** Errors of drivers and of netlink carry the name of their errno. */
function errnoNameOf(error: unknown): string {
  const name = error instanceof Error ? (error as Error & { readonly errnoName?: unknown }).errnoName : undefined;
  return typeof name === 'string' ? name : '';
}
