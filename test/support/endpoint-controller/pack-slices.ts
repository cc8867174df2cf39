import type { IpFamily } from '../api-server/services/ip-range.ts';
import type { SliceEndpoint, SlicePort } from './endpoint-of-pod.ts';

/** The content of one EndpointSlice. */
export interface SliceContent {
  /** Undefined for a slice that is to be made. */
  readonly name: string | undefined;
  readonly addressType: IpFamily;
  readonly ports: readonly SlicePort[];
  readonly endpoints: readonly SliceEndpoint[];
}

/** Endpoints that share the ports of one slice. */
export interface EndpointGroup {
  readonly ports: readonly SlicePort[];
  readonly endpoints: readonly SliceEndpoint[];
}

/**
 * Spreads the wanted endpoints of one family over slices, with as few changed slices as possible: endpoints stay where
 * they are, new ones fill gaps, the rest gets slices that are no longer needed, or new ones. Existing slices that are not in the result are to be deleted.
 * Without any endpoint one empty slice is left.
 */
export function packSlices(
  addressType: IpFamily,
  groups: readonly EndpointGroup[],
  existing: readonly SliceContent[],
  maximum: number,
): readonly SliceContent[] {
  const packed = groups.flatMap((group) => {
    const same = existing.filter((slice) => portKey(slice.ports) === portKey(group.ports));
    return packGroup(addressType, group, same, maximum);
  });
  if (packed.length > 0) return reuseNames(packed, existing);
  return [{ name: existing[0]?.name, addressType, ports: [], endpoints: [] }];
}

/** Equal for equal ports; the order does not count. */
export function portKey(ports: readonly SlicePort[]): string {
  return ports
    .map(({ name, protocol, port, appProtocol }) => JSON.stringify([name, protocol, port, appProtocol]))
    .sort()
    .join();
}

function packGroup(
  addressType: IpFamily,
  { ports, endpoints }: EndpointGroup,
  existing: readonly SliceContent[],
  maximum: number,
): SliceContent[] {
  const missing = new Map(endpoints.map((endpoint) => [endpoint.targetRef.uid, endpoint]));
  const kept = existing.map((slice) => ({ ...slice, endpoints: takeWanted(slice.endpoints, missing, maximum) }));
  const rest = [...missing.values()];
  for (const slice of kept) slice.endpoints.push(...rest.splice(0, maximum - slice.endpoints.length));
  const slices: SliceContent[] = kept.filter((slice) => slice.endpoints.length > 0);
  while (rest.length > 0) slices.push({ name: undefined, addressType, ports, endpoints: rest.splice(0, maximum) });
  return slices;
}

/** A new slice takes the place of one that would be deleted. */
function reuseNames(packed: readonly SliceContent[], existing: readonly SliceContent[]): SliceContent[] {
  const used = new Set(packed.map((slice) => slice.name));
  const spare = existing.map((slice) => slice.name).filter((name) => !used.has(name));
  return packed.map((slice) => (slice.name === undefined ? { ...slice, name: spare.shift() } : slice));
}

/** The present state of the endpoints that stay in a slice; they are no longer missing. */
function takeWanted(
  endpoints: readonly SliceEndpoint[],
  missing: Map<string, SliceEndpoint>,
  maximum: number,
): SliceEndpoint[] {
  const taken: SliceEndpoint[] = [];
  for (const { targetRef } of endpoints) {
    const wanted = missing.get(targetRef?.uid ?? '');
    if (wanted === undefined || taken.length === maximum) continue;
    taken.push(wanted);
    missing.delete(wanted.targetRef.uid);
  }
  return taken;
}
