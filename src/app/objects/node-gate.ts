import type { Node } from '../../kubernetes/objects/node.ts';
import type { Clock } from '../../model/clock.ts';
import type { Log } from '../../observe/log.ts';

export interface NodeGateOptions {
  readonly nodeName: string;
  /** How long to wait for addresses of the Node, in milliseconds; then it goes on without. */
  readonly addressWaitMs: number;
  /** Local traffic is told by the Node's pod networks, so nothing can be done without them. */
  readonly needsPodCidrs: boolean;
  /** Whether the Node would be known if it existed: the API server has answered. Until then nobody gives up. */
  readonly isNodeListed?: () => boolean;
  readonly clock: Clock;
  readonly log: Log;
  /** Time is up: look again. */
  readonly onWake: () => void;
  /** Pod networks did not come in time, or the check has failed. */
  readonly onGiveUp: (error: Error) => void;
  /** Looks at what is known now that the wait is over; an error keeps the gate closed for good. */
  readonly check?: (node: Node | undefined) => Error | undefined;
}

/** How long upstream waits for the addresses of the Node. */
export const usualAddressWaitMs = 30_000;
/** How long pod networks are waited for once the wait for addresses is over. */
const podCidrWaitMs = 300_000;

/** The pod networks of the Node did not appear, and the configuration cannot do without. */
class NodeWaitError extends Error {
  readonly code = 'NODE_NOT_READY';
}

/**
 * Holds the first round back until the Node is known: source ranges need its addresses, and local detection by NodeCIDR
 * its pod networks. The time begins with the first question. Once open it stays open.
 */
export class NodeGate {
  readonly #options: NodeGateOptions;
  #isOpen = false;
  #isRefused = false;
  #waiting = false;
  #addressesAreDue = false;
  #node: Node | undefined;
  readonly #cancel: (() => void)[] = [];

  constructor(options: NodeGateOptions) {
    this.#options = options;
    this.#addressesAreDue = options.addressWaitMs <= 0;
  }

  /** Whether the wait is over. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Whether rounds may run, with the Node as the API has it now. */
  letsThrough(node: Node | undefined): boolean {
    if (this.#isOpen || this.#isRefused) return this.#isOpen;
    this.#node = node;
    const missing = this.#missing();
    if (missing === undefined) this.#open();
    else if (!this.#waiting) this.#wait(missing);
    return this.#isOpen;
  }

  /** Ends the wait. */
  close(): void {
    for (const cancel of this.#cancel.splice(0)) cancel();
  }

  /** What is still waited for; undefined when nothing is. */
  #missing(): string | undefined {
    if (this.#options.needsPodCidrs && (this.#node?.podCidrs ?? []).length === 0) {
      return this.#node === undefined ? 'the Node' : 'its pod networks';
    }
    if (this.#addressesAreDue || (this.#node?.addresses ?? []).length > 0) return undefined;
    return this.#node === undefined ? 'the Node' : 'its addresses';
  }

  #wait(missing: string): void {
    this.#waiting = true;
    const { clock, log, nodeName, addressWaitMs, needsPodCidrs } = this.#options;
    const seconds = (addressWaitMs + (needsPodCidrs ? podCidrWaitMs : 0)) / 1000;
    log.info('Waiting for the Node before the first round', { node: nodeName, missing, seconds });
    this.#cancel.push(clock.schedule(addressWaitMs, () => this.#addressTimeIsUp()));
    if (needsPodCidrs) this.#giveUpAfter(seconds * 1000);
  }

  #addressTimeIsUp(): void {
    this.#addressesAreDue = true;
    this.#options.onWake();
  }

  #giveUpAfter(delayMs: number): void {
    this.#cancel.push(this.#options.clock.schedule(delayMs, () => this.#giveUp()));
  }

  /** Where Nodes cannot even be listed, a new process would fare no better, and the kernel is best left as it is. */
  #giveUp(): void {
    if (this.#isOpen) return;
    const { nodeName, onGiveUp, log, isNodeListed = () => true } = this.#options;
    if (!isNodeListed()) {
      log.warning('Still waiting: the API server has not listed the Node', { node: nodeName });
      return this.#giveUpAfter(podCidrWaitMs);
    }
    const what = this.#node === undefined ? `node ${nodeName} to exist` : `PodCIDR allocation on node ${nodeName}`;
    onGiveUp(new NodeWaitError(`timeout waiting for ${what}; local detection by NodeCIDR needs spec.podCIDRs`));
  }

  #open(): void {
    this.close();
    const { log, nodeName, check, onGiveUp } = this.#options;
    const refusal = check?.(this.#node);
    this.#isRefused = refusal !== undefined;
    if (refusal !== undefined) return onGiveUp(refusal);
    this.#isOpen = true;
    const addresses = this.#node?.addresses ?? [];
    if (addresses.length > 0) log.info('Node found', { node: nodeName, addresses: addresses.join(',') });
    else {
      const known = this.#node !== undefined;
      const hint = known
        ? 'status.addresses has neither an InternalIP nor an ExternalIP; bindAddress stands in for them'
        : 'no Node of this name: see hostnameOverride; bindAddress stands in for its addresses';
      log.warning('Going on without the addresses of the Node', { node: nodeName, known, hint });
    }
  }
}
