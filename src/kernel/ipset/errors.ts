import { errno, errnoName, type NetlinkError } from '../../netlink/errors.ts';
import { DriverError } from '../errors.ts';

/** The error numbers of ipset itself that are acted upon. Source: linux/netfilter/ipset/ip_set.h, ip_set_hash.h. */
export const ipSetErrno = {
  first: 4097,
  findType: 4098,
  busy: 4100,
  secondSetMissing: 4101,
  typeMismatch: 4102,
  hashFull: 4352,
} as const;

/** `IPSET_ERR_*` from 4097 on. */
const generalNames = [
  'PROTOCOL',
  'FIND_TYPE',
  'MAX_SETS',
  'BUSY',
  'EXIST_SETNAME2',
  'TYPE_MISMATCH',
  'EXIST',
  'INVALID_CIDR',
  'INVALID_NETMASK',
  'INVALID_FAMILY',
  'TIMEOUT',
  'REFERENCED',
  'IPADDR_IPV4',
  'IPADDR_IPV6',
  'COUNTER',
  'COMMENT',
  'INVALID_MARKMASK',
  'SKBINFO',
];

/** `IPSET_ERR_HASH_*` and `IPSET_ERR_BITMAP_*` from 4352 on: what these numbers mean depends on the type of the set. */
const hashNames = ['FULL', 'ELEM', 'INVALID_PROTO', 'MISSING_PROTO', 'RANGE_UNSUPPORTED', 'RANGE'];
const bitmapNames = ['RANGE', 'RANGE_SIZE'];

type Attempt = 'create' | 'add' | 'delete' | 'swap' | 'rename' | 'destroy' | 'test';

const hints: Readonly<Record<string, string>> = {
  EPERM: 'CAP_NET_ADMIN is missing',
  IPSET_ERR_MAX_SETS: 'the kernel holds as many sets as it can',
  'create EEXIST': 'a set of this name exists with another type, family or size; it has to be replaced',
  'add ENOENT': 'the set is not there',
  'delete ENOENT': 'the set is not there',
  'add IPSET_ERR_PROTOCOL': 'the set is probably of another type or family than the entry',
  'delete IPSET_ERR_PROTOCOL': 'the set is probably of another type or family than the entry',
  'add IPSET_ERR_INVALID_CIDR': 'a set cannot hold a network of prefix length 0; two of length 1 say the same',
  'add IPSET_ERR_HASH_FULL':
    'the set holds as many entries as its maxelem allows; it has to be replaced by a larger one',
  'add IPSET_ERR_HASH_ELEM': 'a set cannot hold the unspecified address',
  'swap IPSET_ERR_TYPE_MISMATCH':
    'the present set is of another type or family and rules refer to it; it can be replaced once those rules are gone',
  'destroy IPSET_ERR_BUSY': 'packet filter rules or other sets still refer to it',
};

/**
 * The error of one operation. `attempt` is what was tried, `operation` says it in words. The `errnoName` is `EEXIST` for
 * the creation of a set that exists differently, `IPSET_ERR_HASH_FULL` for an entry beyond the set's maxelem.
 */
export function ipSetError(
  attempt: Attempt,
  operation: string,
  failure: { readonly errno: number; readonly type?: string; readonly message?: string | undefined },
): DriverError {
  const name = ipSetErrnoName(failure.errno, failure.type);
  const hint = hints[`${attempt} ${name}`] ?? hints[name] ?? typeHint(failure);
  return new DriverError('ipset', operation, {
    errnoName: name,
    ...(failure.message && { detail: failure.message }),
    ...(hint && { hint }),
  });
}

/** The error of listing a set. A kernel without IP sets does not know the request. */
export function listError(name: string, cause: NetlinkError): DriverError {
  const hint =
    cause.errno === errno.EINVAL
      ? 'the kernel has no IP sets: the module ip_set is missing or may not be loaded; on the node: modprobe ip_set'
      : hints[errnoName(cause.errno)];
  const failure = { errnoName: errnoName(cause.errno), ...(hint !== undefined && { hint }) };
  return new DriverError('ipset', `list IP set ${name}`, failure, { cause });
}

/** A set that the kernel accepted as equal though its type or family is another. */
export function differentSetError(operation: string, actual: string): DriverError {
  return new DriverError('ipset', operation, {
    errnoName: errnoName(errno.EEXIST),
    detail: `the set of this name is ${actual}`,
    hint: hints['create EEXIST'] as string,
  });
}

function ipSetErrnoName(number: number, type = ''): string {
  const perType = type.startsWith('bitmap:')
    ? bitmapNames[number - 4352] && `BITMAP_${bitmapNames[number - 4352]}`
    : hashNames[number - 4352] && `HASH_${hashNames[number - 4352]}`;
  const name = perType ?? generalNames[number - 4097];
  return name ? `IPSET_ERR_${name}` : errnoName(number);
}

function typeHint(failure: { readonly errno: number; readonly type?: string }): string | undefined {
  if (failure.errno !== ipSetErrno.findType || failure.type === undefined) return undefined;
  const moduleName = `ip_set_${failure.type.replace(':', '_').replaceAll(',', '')}`;
  return `the kernel has no set type ${failure.type} that fits; is its module (${moduleName}) there?`;
}
