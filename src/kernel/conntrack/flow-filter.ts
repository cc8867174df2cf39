import type { IpAddress, IpFamily } from '../../model/ip.ts';
import type { FlowTarget, TrackedFlow } from '../drivers.ts';

/** UDP flows that the kernel is to list: the fields that are there have to agree. */
export interface FlowFilter {
  readonly destination?: IpAddress;
  readonly destinationPort?: number;
  readonly replySource?: IpAddress;
  readonly replySourcePort?: number;
}

/** The kernel goes through its whole table for each filter. */
const mostFilters = 8;

/**
 * The filters that let the flows of the targets through, and as few others as can be: each target for itself, or else
 * each of their real servers, or each of their addresses; all UDP flows where even those are many. No flow gets through
 * twice. Pure.
 */
export function flowFilters(family: IpFamily, targets: readonly FlowTarget[] | undefined): readonly FlowFilter[] {
  if (targets === undefined) return [{}];
  for (const filterOf of [exactFilter, realServerFilter, addressFilter]) {
    const filters = distinct(family, targets, filterOf);
    if (filters !== undefined) return filters.filter((filter) => !filters.some((other) => isWider(other, filter)));
  }
  return [{}];
}

/** Whether the flow is one that the kernel should have let through. Pure. */
export function passesFilter(filter: FlowFilter, flow: TrackedFlow): boolean {
  const { destination, destinationPort, replySource, replySourcePort } = filter;
  return (
    (destination ?? flow.originalDestination) === flow.originalDestination &&
    (destinationPort ?? flow.originalDestinationPort) === flow.originalDestinationPort &&
    (replySource ?? flow.replySource) === flow.replySource &&
    (replySourcePort ?? flow.replySourcePort) === flow.replySourcePort
  );
}

/** Tells flows to the addresses and ports of the targets; without targets every flow is one. */
export function flowsTo(targets: readonly FlowTarget[] | undefined): (flow: TrackedFlow) => boolean {
  if (targets === undefined) return () => true;
  const ports = new Map<IpAddress, Set<number>>();
  for (const { address, port } of targets) ports.set(address, (ports.get(address) ?? new Set()).add(port));
  return (flow) => ports.get(flow.originalDestination)?.has(flow.originalDestinationPort) === true;
}

function exactFilter(target: FlowTarget): FlowFilter | undefined {
  return { ...addressFilter(target), ...realServerFilter(target) };
}

function realServerFilter({ realServer }: FlowTarget): FlowFilter | undefined {
  return realServer && { replySource: realServer.address, replySourcePort: realServer.port };
}

function addressFilter({ address, port }: FlowTarget): FlowFilter {
  return { destination: address, destinationPort: port };
}

/** Undefined where a target has no such filter, and where they are too many. */
function distinct(
  family: IpFamily,
  targets: readonly FlowTarget[],
  filterOf: (target: FlowTarget) => FlowFilter | undefined,
): readonly FlowFilter[] | undefined {
  const filters = new Map<string, FlowFilter>();
  for (const target of targets) {
    const filter = filterOf(target);
    if (filter === undefined) return undefined;
    const understood = family === 'IPv4' ? filter : withoutAddresses(filter);
    filters.set(JSON.stringify(understood), understood);
    if (filters.size > mostFilters) return undefined;
  }
  return [...filters.values()];
}

/** The kernel inverts IPv6 addresses of filters. */
function withoutAddresses({ destination: _, replySource: __, ...ports }: FlowFilter): FlowFilter {
  return ports;
}

/** Whether `other` lets through all that `filter` does, and more. */
function isWider(other: FlowFilter, filter: FlowFilter): boolean {
  const fields = Object.entries(other) as [keyof FlowFilter, unknown][];
  return fields.length < Object.keys(filter).length && fields.every(([field, value]) => filter[field] === value);
}
