import type { ConntrackDriver, IpvsDriver, OperationFailure } from '../kernel/drivers.ts';
import type { Clock } from '../model/clock.ts';
import type { IpFamily } from '../model/ip.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Drivers } from '../reconcile/reconciler.ts';
import type { TrafficBook } from './traffic-book.ts';

/** The drivers as they are, with size and duration of every batch measured, and traffic read along with every scan. */
export function measuredDrivers(
  drivers: Drivers,
  metrics: Pick<Metrics, 'proxier' | 'conntrack'>,
  clock: Clock,
  traffic: Pick<TrafficBook, 'readAlong'>,
) {
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
  const flows = new MeasuredFlows(drivers.conntrack, clock, (...cleaning) => metrics.conntrack.reconciled(...cleaning));
  return {
    drivers: {
      ipvs: measured('ipvs', watchedScan(drivers.ipvs, traffic)),
      address: measured('address', drivers.address),
      ipset: measured('ipset', drivers.ipset),
      rules: drivers.rules,
      conntrack: flows,
    },
    /** A round has ended: no flows will be removed after the last listing. */
    roundEnded: () => flows.settle(),
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

/** One removal of stale flows: a listing of a family, and perhaps a deletion after it. */
class MeasuredFlows implements ConntrackDriver {
  readonly #driver: ConntrackDriver;
  readonly #clock: Clock;
  readonly #report: (family: IpFamily, seconds: number, deleted: number) => void;
  #listed: { readonly family: IpFamily; readonly startMs: number; readonly seconds: number } | undefined;

  constructor(
    driver: ConntrackDriver,
    clock: Clock,
    report: (family: IpFamily, seconds: number, deleted: number) => void,
  ) {
    this.#driver = driver;
    this.#clock = clock;
    this.#report = report;
  }

  async listUdpFlows(family: IpFamily) {
    this.settle();
    const startMs = this.#clock.monotonicMs();
    const flows = await this.#driver.listUdpFlows(family);
    this.#listed = { family, startMs, seconds: (this.#clock.monotonicMs() - startMs) / 1000 };
    return flows;
  }

  async deleteFlows(flows: Parameters<ConntrackDriver['deleteFlows']>[0]): Promise<number> {
    const deleted = await this.#driver.deleteFlows(flows);
    const listed = this.#listed;
    this.#listed = undefined;
    if (listed !== undefined) {
      this.#report(listed.family, (this.#clock.monotonicMs() - listed.startMs) / 1000, deleted);
    }
    return deleted;
  }

  /** Reports a listing that nothing was to be deleted after. */
  settle(): void {
    if (this.#listed !== undefined) this.#report(this.#listed.family, this.#listed.seconds, 0);
    this.#listed = undefined;
  }
}
