import type { ClusterTables } from '../../cluster/tables.ts';
import type { NodeGate } from '../objects/node-gate.ts';

export interface CountedChangesOptions {
  readonly tables: Pick<ClusterTables, 'inSync' | 'node'>;
  readonly gate: Pick<NodeGate, 'isOpen'>;
  readonly nodeName: string;
  /** Nothing begins before the Node has its pod networks. */
  readonly needsPodCidrs: boolean;
}

/**
 * Tells which changes wait for a round, so that health and metrics count them, as in kube-proxy. Before everything has
 * been listed once and the Node is known there are no rounds to wait for: changes only gather, and a process that
 * cannot list is not stuck. One thing counts even then, as soon as the Node is there: that it has a zone, or another.
 */
export class CountedChanges {
  readonly #options: CountedChangesOptions;
  #zone = '';

  constructor(options: CountedChangesOptions) {
    this.#options = options;
  }

  /** Whether the change that has just been made counts. To be asked once for each. */
  counts(): boolean {
    const { tables, gate } = this.#options;
    const isInOtherZone = this.#takeZone();
    return (tables.inSync && gate.isOpen) || isInOtherZone;
  }

  /** Whether the zone of the Node is another one than when last asked. A Node that is gone stays in its zone. */
  #takeZone(): boolean {
    const { tables, nodeName, needsPodCidrs } = this.#options;
    const node = tables.node(nodeName);
    if (node === undefined || node.zone === this.#zone || (needsPodCidrs && node.podCidrs.length === 0)) return false;
    this.#zone = node.zone;
    return true;
  }
}
