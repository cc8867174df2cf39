import type { Drivers } from '../../../src/reconcile/reconciler.ts';
import { DriverError } from '../../../src/kernel/errors.ts';
import { FakeWorld } from '../../scenarios/run/fake-world.ts';

/**
 * Entries that tell a process which starts anew that a virtual server on a node address is ours. Where one is missing
 * and the process ends, nothing can tell.
 */
const tellsWhoseItIs = /^addEntry KUBE-(6-)?(NODE-PORT-|EXTERNAL-IP|LOAD-BALANCER )/;

/** The fake kernel with changes and reads that fail, and connections that real servers keep. */
export class TroubledWorld extends FakeWorld {
  #failingChanges = 0;
  #failingReads = 0;
  #connections = 0;
  #calls = 0;

  constructor() {
    super();
    this.kernel.failWhen = (description) => !tellsWhoseItIs.test(description) && this.#failsNow();
  }

  override get drivers(): Drivers {
    const { ipvs, address, ipset, rules, conntrack } = super.drivers;
    return {
      rules,
      ipvs: this.#withFailingReads(ipvs, ['list', 'scan', 'listRealServers']),
      address: this.#withFailingReads(address, ['list', 'listNodeAddresses', 'ensureInterface']),
      ipset: this.#withFailingReads(ipset, ['list']),
      conntrack: this.#withFailingReads(conntrack, ['listUdpFlows']),
    };
  }

  /** Lets about one in three changes and every read fail, so many of each. */
  fail(changes: number, reads: number): void {
    this.#failingChanges = changes;
    this.#failingReads = reads;
  }

  setAllConnections(count: number): void {
    this.#connections = count;
    this.#applyConnections();
  }

  #applyConnections(): void {
    for (const [key, { realServers }] of this.kernel.servers) {
      for (const realServer of realServers.keys()) this.kernel.setConnections(key, realServer, this.#connections);
    }
  }

  #failsNow(): boolean {
    this.#calls += 1;
    if (this.#failingChanges === 0 || this.#calls % 3 !== 0) return false;
    this.#failingChanges -= 1;
    return true;
  }

  #withFailingReads<T extends object>(driver: T, reads: readonly (keyof T)[]): T {
    return new Proxy(driver, {
      get: (object, name) => {
        const value: unknown = Reflect.get(object, name);
        if (!reads.includes(name as keyof T) || typeof value !== 'function') return value;
        return async (...parameters: unknown[]) => {
          this.#applyConnections();
          if (this.#failingReads === 0) return await (value.apply(object, parameters) as Promise<unknown>);
          this.#failingReads -= 1;
          throw new DriverError('ipvs', String(name), { errnoName: 'EINTR' });
        };
      },
    });
  }
}
