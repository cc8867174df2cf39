import { basename } from 'node:path';

/**
 * The name that messages have, out of the path that the program was started with: that of ipvsadm where it is installed
 * under it, for ipvsadm prints the name that it was called by.
 */
export function programName(path = ''): string {
  return basename(path) === 'ipvsadm' ? 'ipvsadm' : 'ipvs-status';
}
