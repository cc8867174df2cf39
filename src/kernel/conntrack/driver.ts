import { setImmediate as nextTurn } from 'node:timers/promises';
import type { IpFamily } from '../../model/ip.ts';
import { errno, errnoName, NetlinkError } from '../../netlink/errors.ts';
import { giveBack } from '../../netlink/give-back.ts';
import { MessageReader } from '../../netlink/message-reader.ts';
import { MessageWriter } from '../../netlink/message-writer.ts';
import type { Transport } from '../../netlink/transport.ts';
import { formatEndpoint } from '../../model/virtual-server.ts';
import type { ConntrackDriver, FlowTarget, TrackedFlow } from '../drivers.ts';
import { DriverError } from '../errors.ts';
import { decodeUdpFlow } from './decode.ts';
import { encodeDeleteFlow, encodeListUdpFlows } from './encode.ts';
import { type FlowFilter, flowFilters, flowsTo, passesFilter } from './flow-filter.ts';

/** What a driver of the connection tracking table needs. */
export interface ConntrackDriverOptions {
  /** A transport for the netfilter subsystems, in the network namespace whose table is meant. The caller closes it. */
  readonly transport: Transport;
}

/** The connection tracking table through ctnetlink. Not safe for parallel calls. */
export function createConntrackDriver(options: ConntrackDriverOptions): ConntrackDriver {
  return new CtnetlinkDriver(options);
}

/** Flows that are read before the event loop may do something else: some milliseconds. */
const flowsPerTurn = 1_000;

class CtnetlinkDriver implements ConntrackDriver {
  readonly #transport: Transport;
  readonly #writer = new MessageWriter();
  /** Whether the kernel may know filters. */
  #kernelFilters = true;

  constructor(options: ConntrackDriverOptions) {
    this.#transport = options.transport;
  }

  async listUdpFlows(family: IpFamily, targets?: readonly FlowTarget[]): Promise<readonly TrackedFlow[]> {
    if (this.#kernelFilters) {
      const flows = await this.#listFiltered(family, targets);
      if (flows !== undefined) return flows;
    }
    const { flows } = await this.#list(family, undefined, targets);
    this.#kernelFilters = false;
    return flows;
  }

  async deleteFlows(flows: readonly TrackedFlow[]): Promise<number> {
    if (flows.length === 0) return 0;
    this.#writer.reset();
    for (const flow of flows) encodeDeleteFlow(this.#writer, flow);
    const refusals = await this.#transport.exchange(this.#writer);
    const failure = refusals.find((refusal) => refusal.errno !== errno.ENOENT);
    if (failure !== undefined) {
      throw conntrackError(describeDeletion(flows[failure.index]), failure.errno, failure.message);
    }
    return flows.length - refusals.length;
  }

  /** Undefined where the kernel does not filter: before Linux 5.8 it shows everything instead, or refuses. */
  async #listFiltered(
    family: IpFamily,
    targets: readonly FlowTarget[] | undefined,
  ): Promise<readonly TrackedFlow[] | undefined> {
    const flows: TrackedFlow[] = [];
    for (const filter of flowFilters(family, targets)) {
      const listing = await this.#list(family, filter, targets).catch(unlessNotSupported);
      if (listing === undefined || listing.others > 0) return undefined;
      for (const flow of listing.flows) flows.push(flow);
    }
    return flows;
  }

  /**
   * The flows of the targets among those that the kernel shows, and the number of flows that a filter should have kept
   * from being shown. The others are dropped as they are read, for there may be very many.
   */
  async #list(family: IpFamily, filter: FlowFilter | undefined, targets: readonly FlowTarget[] | undefined) {
    this.#writer.reset();
    encodeListUdpFlows(this.#writer, family, filter);
    const replies = await this.#request(`list ${family} flows`);
    const reader = new MessageReader(replies);
    const isWanted = flowsTo(targets);
    const flows: TrackedFlow[] = [];
    let others = 0;
    for (let seen = 1; reader.next(); seen++) {
      if (seen % flowsPerTurn === 0) await nextTurn();
      const flow = decodeUdpFlow(reader);
      if (flow === 'otherZone') continue;
      if (flow === 'otherProtocol' || !passesFilter(filter ?? {}, flow)) others++;
      else if (isWanted(flow)) flows.push(flow);
    }
    giveBack(replies);
    return { flows, others };
  }

  async #request(what: string): Promise<Uint8Array> {
    try {
      return await this.#transport.request(this.#writer);
    } catch (error) {
      if (error instanceof NetlinkError && hints.has(error.errno)) throw conntrackError(what, error.errno);
      throw error;
    }
  }
}

/** What a kernel says to a filter that it does not know; it says one of them where a module is missing, too. */
function unlessNotSupported(error: unknown): undefined {
  const cause = error instanceof DriverError ? error.cause : error;
  if (cause instanceof NetlinkError && (cause.errno === errno.EINVAL || cause.errno === errno.EOPNOTSUPP)) return;
  throw error;
}

const hints = new Map<number, string>([
  [errno.EPERM, 'connection tracking needs the capability NET_ADMIN; run the container with NET_ADMIN or privileged'],
  [errno.EINVAL, 'kernel module nf_conntrack_netlink may be missing; on the node: modprobe nf_conntrack_netlink'],
]);

function conntrackError(what: string, number: number, kernelMessage?: string): DriverError {
  const failure = {
    errnoName: errnoName(number),
    hint: hints.get(number) ?? '',
    ...(kernelMessage ? { detail: kernelMessage } : {}),
  };
  return new DriverError('conntrack', what, failure, { cause: new NetlinkError(what, number, kernelMessage) });
}

function describeDeletion(flow: TrackedFlow | undefined): string {
  if (flow === undefined) return 'delete flow';
  const source = formatEndpoint(flow.originalSource, flow.originalSourcePort);
  return `delete flow ${flow.protocol} ${source} to ${formatEndpoint(flow.originalDestination, flow.originalDestinationPort)}`;
}
