import type { ClusterTables } from '../cluster/tables.ts';
import type { ProxyConfig } from '../config/config.ts';
import type { AddressDriver } from '../kernel/drivers.ts';
import type { IpAddress, IpFamily } from '../model/ip.ts';
import type { NodeFacts } from '../plan/node-facts.ts';
import { serviceKey } from '../model/service-key.ts';
import { planNode, sameNodeFacts } from '../plan/plan-node.ts';

/** Its endpoints are the API servers. */
const apiServerService = serviceKey('default', 'kubernetes');

/** Keeps the facts about this node: its Node object, the addresses on its interfaces, and whom it has to reach. */
export class NodeTracker {
  readonly #tables: ClusterTables;
  readonly #driver: AddressDriver;
  readonly #config: Pick<ProxyConfig, 'bindAddress' | 'nodePortAddresses'>;
  readonly nodeName: string;
  readonly #families: readonly IpFamily[];
  #addresses: readonly IpAddress[] | undefined;
  #facts: NodeFacts | undefined;
  /** What the facts were made from. */
  #madeFrom: readonly unknown[] = [];

  constructor(options: {
    readonly tables: ClusterTables;
    readonly driver: AddressDriver;
    readonly config: Pick<ProxyConfig, 'bindAddress' | 'nodePortAddresses'>;
    readonly nodeName: string;
    readonly families: readonly IpFamily[];
  }) {
    this.#tables = options.tables;
    this.#driver = options.driver;
    this.#config = options.config;
    this.nodeName = options.nodeName;
    this.#families = options.families;
  }

  /** The interfaces changed: their addresses are read again by the next `update`. */
  addressesChanged(): void {
    this.#addresses = undefined;
  }

  /** Brings the facts up to date; `changed` says whether all Services have to be planned again. */
  async update(): Promise<{ readonly facts: NodeFacts; readonly changed: boolean }> {
    this.#addresses ??= await this.#driver.listNodeAddresses();
    const apiServerSlices = this.#tables.slicesOf(apiServerService);
    const madeFrom = [this.#addresses, this.#tables.nodesVersion, apiServerSlices.length, ...apiServerSlices];
    if (this.#facts !== undefined && madeFrom.every((each, index) => each === this.#madeFrom[index])) {
      return { facts: this.#facts, changed: false };
    }
    this.#madeFrom = madeFrom;
    const facts = planNode({
      nodeName: this.nodeName,
      node: this.#tables.node(this.nodeName),
      otherNodes: [...this.#tables.nodes()].filter((node) => node.name !== this.nodeName),
      apiServers: apiServerSlices.flatMap(({ endpoints }) => endpoints.map(({ address }) => address)),
      interfaceAddresses: this.#addresses,
      families: this.#families,
      config: this.#config,
    });
    if (this.#facts !== undefined && sameNodeFacts(this.#facts, facts)) return { facts: this.#facts, changed: false };
    this.#facts = facts;
    return { facts, changed: true };
  }
}
