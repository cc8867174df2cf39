import { DriverError } from '../../kernel/errors.ts';
import { errno, NetlinkError } from '../../netlink/errors.ts';

/** Whether an error says that the kernel has no IPVS, or no IP sets: their modules are missing or may not be loaded. */
export function isMissingSubsystem(error: unknown): boolean {
  if (error instanceof NetlinkError) return error.errno === errno.ENOENT;
  return error instanceof DriverError && error.driver === 'ipset' && error.errnoName === 'EINVAL';
}
