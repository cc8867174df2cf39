import type { AddressOperation } from '../../model/operation.ts';
import { familyOf } from '../../model/ip.ts';
import { errno, errnoName } from '../../netlink/errors.ts';
import type { MessageFailure } from '../../netlink/transport.ts';
import { DriverError } from '../errors.ts';

/** `ENXIO`: the interface has no IPv6 side, so it has no such address either. */
const noIpv6Side = 6;

/** Whether the kernel's refusal means that things are as wanted. */
export function isSettled(operation: AddressOperation, refusal: Pick<MessageFailure, 'errno'>): boolean {
  if (operation.kind === 'bindAddress') return refusal.errno === errno.EEXIST;
  return [errno.EADDRNOTAVAIL, errno.ENODEV, noIpv6Side].some((number) => number === refusal.errno);
}

/** The error of binding or unbinding an address. */
export function addressError(
  operation: AddressOperation,
  interfaceName: string,
  refusal: Pick<MessageFailure, 'errno' | 'message'>,
): DriverError {
  const hint = addressHint(operation, interfaceName, refusal.errno);
  return new DriverError('address', describe(operation, interfaceName), {
    errnoName: errnoName(refusal.errno),
    ...(refusal.message && { detail: refusal.message }),
    ...(hint && { hint }),
  });
}

/** The error of creating the interface. */
export function createInterfaceError(
  interfaceName: string,
  refusal: Pick<MessageFailure, 'errno' | 'message'>,
): DriverError {
  const hint = createHint(refusal.errno);
  return new DriverError('address', `create dummy interface ${interfaceName}`, {
    errnoName: errnoName(refusal.errno),
    ...(refusal.message && { detail: refusal.message }),
    ...(hint && { hint }),
  });
}

/** The error of removing the interface, or of taking it down. */
export function changeInterfaceError(
  operation: string,
  refusal: Pick<MessageFailure, 'errno' | 'message'>,
): DriverError {
  return new DriverError('address', operation, {
    errnoName: errnoName(refusal.errno),
    ...(refusal.message && { detail: refusal.message }),
    ...(refusal.errno === errno.EPERM && { hint: 'CAP_NET_ADMIN is missing' }),
  });
}

/** The name is taken by an interface that is not a dummy. */
export function foreignInterfaceError(interfaceName: string, kind: string): DriverError {
  return new DriverError('address', `create dummy interface ${interfaceName}`, {
    errnoName: errnoName(errno.EEXIST),
    detail: `there is an interface of this name, of kind ${kind === '' ? 'physical' : kind}`,
    hint: 'remove or rename it: service addresses are bound to a dummy interface only',
  });
}

function describe(operation: AddressOperation, interfaceName: string): string {
  const { address } = operation;
  return operation.kind === 'bindAddress'
    ? `bind address ${address} to ${interfaceName}`
    : `unbind address ${address} from ${interfaceName}`;
}

function addressHint(operation: AddressOperation, interfaceName: string, number: number): string | undefined {
  const isIpv6 = familyOf(operation.address) === 'IPv6';
  switch (number) {
    case errno.EPERM:
      return 'CAP_NET_ADMIN is missing';
    case errno.EACCES:
      return isIpv6 ? `IPv6 is disabled: sysctl net.ipv6.conf.${interfaceName}.disable_ipv6 must be 0` : undefined;
    case errno.EAFNOSUPPORT:
    case errno.EOPNOTSUPP:
      return isIpv6 ? 'the kernel runs without IPv6' : undefined;
    case errno.EADDRNOTAVAIL:
      return 'the kernel does not take such an address: multicast, loopback or unspecified';
    case errno.ENODEV:
      return 'something keeps removing the interface';
    default:
      return undefined;
  }
}

function createHint(number: number): string | undefined {
  if (number === errno.EPERM) return 'CAP_NET_ADMIN is missing';
  return number === errno.EOPNOTSUPP ? 'the kernel has no dummy interfaces; is its module (dummy) there?' : undefined;
}
