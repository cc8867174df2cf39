import type { IpvsOperation } from '../../model/operation.ts';
import type { VirtualServer } from '../../model/virtual-server.ts';
import { errno, errnoName, NetlinkError } from '../../netlink/errors.ts';
import { DriverError } from '../errors.ts';

/** The refusal of one operation as an error that names object, operation, errno and likely cause. */
export function operationError(operation: IpvsOperation, number: number, kernelMessage?: string): DriverError {
  return ipvsError(describeOperation(operation), number, hintFor(operation, number), kernelMessage);
}

/** A refusal of anything else, e.g. of `list virtual servers`. */
export function commandError(command: string, number: number, kernelMessage?: string): DriverError {
  return ipvsError(command, number, generalHints.get(number) ?? '', kernelMessage);
}

/** The operation in words, e.g. `add real server 10.244.1.2:8443 to virtual server TCP/10.96.0.1:443`. */
function describeOperation(operation: IpvsOperation): string {
  const virtualServer = `virtual server ${operation.virtualServer.key}`;
  switch (operation.kind) {
    case 'addVirtualServer':
      return `add ${virtualServer} (${operation.virtualServer.scheduler})`;
    case 'setVirtualServer':
      return `set ${virtualServer} (${operation.virtualServer.scheduler})`;
    case 'deleteVirtualServer':
      return `delete ${virtualServer}`;
    case 'addRealServer':
      return `add real server ${operation.realServer.key} (weight ${operation.realServer.weight}) to ${virtualServer}`;
    case 'setRealServer':
      return `set real server ${operation.realServer.key} (weight ${operation.realServer.weight}) of ${virtualServer}`;
    case 'deleteRealServer':
      return `delete real server ${operation.realServer.key} from ${virtualServer}`;
  }
}

function ipvsError(what: string, number: number, hint: string, kernelMessage: string | undefined): DriverError {
  const failure = { errnoName: errnoName(number), hint, ...(kernelMessage ? { detail: kernelMessage } : {}) };
  return new DriverError('ipvs', what, failure, { cause: new NetlinkError(what, number, kernelMessage) });
}

/** Causes that do not depend on the operation. */
const generalHints = new Map<number, string>([
  [
    errno.EPERM,
    'IPVS needs the capability NET_ADMIN in the initial user namespace; run the container with NET_ADMIN or privileged',
  ],
  [errno.EAFNOSUPPORT, 'this kernel has no IPv6 support in IPVS'],
  [errno.ENOMEM, 'the kernel is out of memory'],
  [errno.EINVAL, 'a value is outside of what the kernel takes'],
]);

function hintFor(operation: IpvsOperation, number: number): string {
  if (number === errno.ESRCH) return 'virtual server is not there; it was removed by someone else';
  return operationHint(operation, number) ?? generalHints.get(number) ?? '';
}

function operationHint(operation: IpvsOperation, number: number): string | undefined {
  switch (operation.kind) {
    case 'addVirtualServer':
    case 'setVirtualServer':
      return number === errno.ENOENT ? missingModule(operation.virtualServer) : undefined;
    case 'addRealServer':
    case 'setRealServer':
      return realServerHints.get(number);
    default:
      return undefined;
  }
}

const realServerHints = new Map<number, string>([
  [errno.ENOENT, 'real server is not there; it was removed by someone else'],
  [errno.ERANGE, 'the weight is negative or the lower threshold is above the upper one'],
  [
    errno.EINVAL,
    'the address must be unicast (not unspecified, broadcast, multicast or IPv6 link-local), of the family of the ' +
      'virtual server unless tunnelled, and a GUE tunnel needs a port',
  ],
]);

function missingModule(virtualServer: VirtualServer): string {
  const scheduler = `ip_vs_${virtualServer.scheduler}`;
  const modules = [scheduler];
  if (virtualServer.persistenceEngine !== '') modules.push(`ip_vs_pe_${virtualServer.persistenceEngine}`);
  return `kernel module ${modules.join(' or ')} is missing; on the node: ${modules.map((name) => `modprobe ${name}`).join(' && ')}`;
}
