import type { ClusterTables } from '../cluster/tables.ts';
import type { ProxyConfig } from '../config/config.ts';
import type { AddressDriver } from '../kernel/drivers.ts';
import type { IpAddress, IpFamily } from '../model/ip.ts';
import type { NodeFacts } from '../plan/node-facts.ts';
import { planNode, sameNodeFacts } from '../plan/plan-node.ts';

/** Keeps the facts about this node: its Node object and the addresses on its interfaces. */
export class NodeTracker {
  readonly #tables: ClusterTables;
  readonly #driver: AddressDriver;
  readonly #config: Pick<ProxyConfig, 'bindAddress' | 'nodePortAddresses'>;
  readonly nodeName: string;
  readonly #families: readonly IpFamily[];
  #addresses: readonly IpAddress[] | undefined;
  #facts: NodeFacts | undefined;
  /** What the facts were made from. */
  #madeFrom: { readonly addresses: readonly IpAddress[]; readonly nodesVersion: number } | undefined;

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
    const { nodesVersion } = this.#tables;
    if (this.#facts !== undefined && this.#isMadeFrom(this.#addresses, nodesVersion)) {
      return { facts: this.#facts, changed: false };
    }
    this.#madeFrom = { addresses: this.#addresses, nodesVersion };
    const facts = planNode({
      nodeName: this.nodeName,
      node: this.#tables.node(this.nodeName),
      otherNodes: [...this.#tables.nodes()].filter((node) => node.name !== this.nodeName),
      interfaceAddresses: this.#addresses,
      families: this.#families,
      config: this.#config,
    });
    if (this.#facts !== undefined && sameNodeFacts(this.#facts, facts)) return { facts: this.#facts, changed: false };
    this.#facts = facts;
    return { facts, changed: true };
  }

  #isMadeFrom(addresses: readonly IpAddress[], nodesVersion: number): boolean {
    return this.#madeFrom?.addresses === addresses && this.#madeFrom.nodesVersion === nodesVersion;
  }
}
