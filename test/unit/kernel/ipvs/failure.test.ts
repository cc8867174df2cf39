import { describe, expect, it } from '@jest/globals';
import { commandError, operationError } from '../../../../src/kernel/ipvs/failure.ts';
import type { IpvsOperation } from '../../../../src/model/operation.ts';
import { errno, NetlinkError } from '../../../../src/netlink/errors.ts';
import { realServer, virtualServer } from '../../../support/ipvs-builders.ts';

const web = virtualServer('TCP', '10.96.0.1:443', { scheduler: 'mh' });
const sip = virtualServer('UDP', '[fd00::1]:5060', { persistenceTimeoutSeconds: 60, persistenceEngine: 'sip' });
const backend = realServer('[fd00:10:244::2]:8443', { weight: 3 });

describe('messages name operation, object, errno and cause', () => {
  it.each<[IpvsOperation, number, string | RegExp]>([
    [
      { kind: 'addVirtualServer', virtualServer: web },
      errno.ENOENT,
      'add virtual server TCP/10.96.0.1:443 (mh): ENOENT: kernel module ip_vs_mh is missing; on the node: modprobe ip_vs_mh',
    ],
    [
      { kind: 'setVirtualServer', virtualServer: sip },
      errno.ENOENT,
      'set virtual server UDP/[fd00::1]:5060 (rr): ENOENT: kernel module ip_vs_rr or ip_vs_pe_sip is missing; ' +
        'on the node: modprobe ip_vs_rr && modprobe ip_vs_pe_sip',
    ],
    [
      { kind: 'addRealServer', virtualServer: sip, realServer: backend },
      errno.ESRCH,
      'add real server [fd00:10:244::2]:8443 (weight 3) to virtual server UDP/[fd00::1]:5060: ESRCH: ' +
        'virtual server is not there; it was removed by someone else',
    ],
    [
      { kind: 'setRealServer', virtualServer: sip, realServer: backend },
      errno.ENOENT,
      /^set real server .* of virtual server .*: ENOENT: real server is not there/,
    ],
    [{ kind: 'addRealServer', virtualServer: sip, realServer: backend }, errno.EINVAL, /: EINVAL: the address must be/],
    [{ kind: 'addRealServer', virtualServer: sip, realServer: backend }, errno.ERANGE, /: ERANGE: the weight/],
    [
      { kind: 'deleteRealServer', virtualServer: sip, realServer: backend },
      errno.EPERM,
      /^delete real server .* from .*: EPERM: .*NET_ADMIN/,
    ],
    [
      { kind: 'deleteVirtualServer', virtualServer: web },
      errno.EPERM,
      /^delete virtual server TCP.*: EPERM: .*NET_ADMIN/,
    ],
    [{ kind: 'addVirtualServer', virtualServer: sip }, errno.EAFNOSUPPORT, /: EAFNOSUPPORT: .*no IPv6/],
    [
      { kind: 'addVirtualServer', virtualServer: web },
      errno.EBUSY,
      /^add virtual server TCP\/10\.96\.0\.1:443 \(mh\): EBUSY$/,
    ],
  ])('%j, errno %i', (operation, number, message) => {
    const error = operationError(operation, number);
    expect(error.message).toMatch(message);
    expect(error).toMatchObject({ code: 'DRIVER_FAILED', driver: 'ipvs' });
    expect(error.cause).toBeInstanceOf(NetlinkError);
  });

  it("keeps the kernel's own words", () => {
    const error = commandError('read IPVS version', errno.EINVAL, 'Attribute failed policy validation');
    expect(error.message).toMatch(/^read IPVS version: EINVAL: Attribute failed policy validation: /);
  });
});
