import { createAddressDriver } from '../../src/kernel/address/driver.ts';
import { createConntrackDriver } from '../../src/kernel/conntrack/driver.ts';
import type { RulesDriver } from '../../src/kernel/drivers.ts';
import { createIpSetDriver } from '../../src/kernel/ipset/driver.ts';
import { ipvsFamilyName } from '../../src/kernel/ipvs/attributes.ts';
import { createIpvsDriver } from '../../src/kernel/ipvs/driver.ts';
import type { RuleSet } from '../../src/model/rule-set.ts';
import { loadNetlinkAddon } from '../../src/native/addon.ts';
import { openAddonTransport } from '../../src/netlink/connection.ts';
import { netlinkProtocol } from '../../src/netlink/constants.ts';
import { resolveGenericFamily } from '../../src/netlink/generic-family.ts';
import type { Recording, Traffic } from './measured-transport.ts';
import { MeasuredTransport } from './measured-transport.ts';

/** The drivers of the daemon over the addon, as `openKernel` wires them, with every transport measured. */
export function openMeasuredKernel(traffic: Traffic, recording?: Recording) {
  const addon = loadNetlinkAddon();
  const open = (protocol: number, dumps: 'large' | 'small' = 'large', background = false) => {
    const inner = openAddonTransport({ addon, protocol, dumps, background });
    return new MeasuredTransport({ inner, protocol, traffic, recording });
  };
  const generic = open(netlinkProtocol.generic);
  return {
    ipvs: createIpvsDriver({
      transport: generic,
      realServerTransport: open(netlinkProtocol.generic, 'small'),
      resolveFamily: () => resolveGenericFamily(generic, ipvsFamilyName),
    }),
    address: createAddressDriver({ transport: open(netlinkProtocol.route) }),
    ipset: createIpSetDriver({ transport: open(netlinkProtocol.netfilter) }),
    conntrack: createConntrackDriver({ transport: open(netlinkProtocol.netfilter, 'large', true) }),
  };
}

/** Times a rules driver and counts what it writes: it runs iptables, which no netlink floor contains. */
export class MeasuredRules implements RulesDriver {
  ms = 0;
  writes = 0;
  readonly #inner: RulesDriver;

  constructor(inner: RulesDriver) {
    this.#inner = inner;
  }

  families() {
    return this.#timed(() => this.#inner.families());
  }

  compare(rules: RuleSet) {
    return this.#timed(() => this.#inner.compare(rules));
  }

  async apply(rules: RuleSet) {
    const isWritten = await this.#timed(() => this.#inner.apply(rules));
    if (isWritten) this.writes++;
    return isWritten;
  }

  remove(rules: RuleSet) {
    this.writes++;
    return this.#timed(() => this.#inner.remove(rules));
  }

  async #timed<T>(work: () => Promise<T>): Promise<T> {
    const start = performance.now();
    try {
      return await work();
    } finally {
      this.ms += performance.now() - start;
    }
  }
}
