import type { IpvsDriver, OperationFailure } from '../../kernel/drivers.ts';
import type { Clock } from '../../model/clock.ts';
import type { Metrics } from '../../observe/metrics.ts';
import type { Drivers } from '../../reconcile/reconciler.ts';
import type { TrafficBook } from '../serving/traffic-book.ts';

/** The drivers as they are, with size and duration of every batch measured, and traffic read along with every scan. */
export function measuredDrivers(
  drivers: Drivers,
  metrics: Pick<Metrics, 'proxier'>,
  clock: Clock,
  traffic: Pick<TrafficBook, 'readAlong'>,
): Drivers {
  const stopwatch = () => {
    const startMs = clock.monotonicMs();
    return () => (clock.monotonicMs() - startMs) / 1000;
  };
  /** Replaces `apply` and leaves the rest to the driver itself. */
  const measured = <Operation, Driver extends Applying<Operation>>(name: string, driver: Driver): Driver =>
    replaced(driver, 'apply', async (operations: readonly Operation[]) => {
      const elapsedSeconds = stopwatch();
      const result = await driver.apply(operations);
      if (operations.length > 0) metrics.proxier.batchFinished(name, operations.length, elapsedSeconds());
      return result;
    });
  const { rules, conntrack } = drivers;
  return {
    ipvs: measured('ipvs', watchedScan(drivers.ipvs, traffic)),
    address: measured('address', drivers.address),
    ipset: measured('ipset', drivers.ipset),
    rules,
    conntrack,
  };
}

interface Applying<Operation> {
  apply(operations: readonly Operation[]): Promise<readonly OperationFailure[]>;
}

/** Traffic is read along with every scan. */
function watchedScan(driver: IpvsDriver, traffic: Pick<TrafficBook, 'readAlong'>): IpvsDriver {
  const scan: IpvsDriver['scan'] = (visitor) => traffic.readAlong(visitor, (both) => driver.scan(both));
  return replaced(driver, 'scan', scan);
}

/** An object with this method; the other methods are called on the object itself. */
function replaced<Driver extends object, Name extends keyof Driver & string>(
  driver: Driver,
  method: Name,
  replacement: Driver[Name],
): Driver {
  return new Proxy(driver, {
    get(target, name) {
      if (name === method) return replacement;
      const value = Reflect.get(target, name, target) as unknown;
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
