import type { IpAddress } from '../../model/ip.ts';
import type { VirtualServer } from '../../model/virtual-server.ts';
import { virtualServerKey } from '../../model/virtual-server.ts';
import type { IpvsDriver } from '../drivers.ts';
import type { DriverError } from '../errors.ts';

/** From 198.51.100.0/24, which is reserved for documentation and so serves nobody. */
const probeIdentity = {
  kind: 'address',
  // Canonical text as it stands.
  address: '198.51.100.0' as IpAddress,
  port: 20000,
  protocol: 'TCP',
} as const;

/**
 * Whether the kernel has a scheduler: adds a virtual server with it, which loads its module, and deletes it again.
 * Returns the refusal, naming the module, or undefined when all is well. Throws `NetlinkError` as `IpvsDriver.apply`.
 */
export async function probeScheduler(
  driver: Pick<IpvsDriver, 'apply'>,
  scheduler: string,
): Promise<DriverError | undefined> {
  const virtualServer: VirtualServer = {
    key: virtualServerKey(probeIdentity),
    identity: probeIdentity,
    scheduler,
    flags: 0,
    persistenceTimeoutSeconds: 0,
    persistencePrefixLength: 32,
    persistenceEngine: '',
  };
  const [added, deleted] = [
    await driver.apply([{ kind: 'addVirtualServer', virtualServer }]),
    await driver.apply([{ kind: 'deleteVirtualServer', virtualServer }]),
  ];
  return (added[0] ?? deleted[0])?.error;
}
