import type { ClusterTables } from '../../cluster/tables.ts';
import type { ProxyConfig } from '../../config/config.ts';
import type { AddressDriver } from '../../kernel/drivers.ts';
import type { IpAddress, IpFamily } from '../../model/ip.ts';
import type { NodeFacts } from '../../plan/node-facts.ts';
import { serviceKey } from '../../model/service-key.ts';
import { planNode, sameNodeFacts } from '../../plan/plan-node.ts';

/** Its endpoints are the API servers. */
const apiServerService = serviceKey('default', 'kubernetes');

/** Keeps the facts about this node: its Node object, the addresses on its interfaces, and whom it has to reach. */
export class NodeTracker {
  readonly #tables: ClusterTables;
  readonly #driver: AddressDriver;
  readonly #config: Pick<ProxyConfig, 'bindAddress' | 'nodePortAddresses'>;
  readonly nodeName: string;
  readonly #families: readonly IpFamily[];
  readonly #onReadFailed: (error: unknown) => void;
  /** As last read. */
  #addresses: readonly IpAddress[] | undefined;
  #areStale = true;
  #hasFailed = false;
  #facts: NodeFacts | undefined;
  /** What the facts were made from. */
  #madeFrom: readonly unknown[] = [];

  constructor(options: {
    readonly tables: ClusterTables;
    readonly driver: AddressDriver;
    readonly config: Pick<ProxyConfig, 'bindAddress' | 'nodePortAddresses'>;
    readonly nodeName: string;
    readonly families: readonly IpFamily[];
    /** Addresses cannot be read; those last read stay. Called once, until they can be. */
    readonly onReadFailed?: (error: unknown) => void;
  }) {
    this.#tables = options.tables;
    this.#driver = options.driver;
    this.#config = options.config;
    this.nodeName = options.nodeName;
    this.#families = options.families;
    this.#onReadFailed = options.onReadFailed ?? (() => {});
  }

  /** The interfaces changed: their addresses are read again by the next `update`. */
  addressesChanged(): void {
    this.#areStale = true;
  }

  /**
   * Brings the facts up to date; `changed` says whether all Services have to be planned again. Rejects when addresses
   * could never be read.
   */
  async update(): Promise<{ readonly facts: NodeFacts; readonly changed: boolean }> {
    const addresses = await this.#readAddresses();
    const apiServerSlices = this.#tables.slicesOf(apiServerService);
    const madeFrom = [addresses, this.#tables.nodesVersion, apiServerSlices.length, ...apiServerSlices];
    if (this.#facts !== undefined && madeFrom.every((each, index) => each === this.#madeFrom[index])) {
      return { facts: this.#facts, changed: false };
    }
    this.#madeFrom = madeFrom;
    const facts = planNode({
      nodeName: this.nodeName,
      node: this.#tables.node(this.nodeName),
      otherNodes: [...this.#tables.nodes()].filter((node) => node.name !== this.nodeName),
      apiServers: apiServerSlices.flatMap(({ endpoints }) => endpoints.map(({ address }) => address)),
      interfaceAddresses: addresses,
      families: this.#families,
      config: this.#config,
    });
    if (this.#facts !== undefined && sameNodeFacts(this.#facts, facts)) return { facts: this.#facts, changed: false };
    this.#facts = facts;
    return { facts, changed: true };
  }

  /** A reading that fails says nothing about the addresses: node ports stay where they are, and the next round reads again. */
  async #readAddresses(): Promise<readonly IpAddress[]> {
    const known = this.#addresses;
    if (known !== undefined && !this.#areStale) return known;
    this.#areStale = false; // before reading: what changes meanwhile is read again
    try {
      this.#addresses = await this.#driver.listNodeAddresses();
      this.#hasFailed = false;
      return this.#addresses;
    } catch (error) {
      this.#areStale = true;
      if (known === undefined) throw error;
      if (!this.#hasFailed) this.#onReadFailed(error);
      this.#hasFailed = true;
      return known;
    }
  }
}
