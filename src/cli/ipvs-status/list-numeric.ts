import type { ListedRealServer, ListedVirtualServer } from '../../kernel/drivers.ts';
import type { ObservedRealServer } from '../../model/real-server.ts';
import type { VirtualServerIdentity, VirtualServerKey } from '../../model/virtual-server.ts';
import { ByteOutput } from './byte-output.ts';
import { numericNames } from './endpoint-names.ts';
import { EndpointOrder } from './endpoint-order.ts';
import { sortRealServers } from './listing-order.ts';
import { plainRealServerLine, type TableLook, virtualServerLine } from './print-table.ts';
import type { ListedTable } from './status-world.ts';

const look: TableLook = { detail: 'plain', exact: false, names: numericNames };

/** What a plain listing with numbers for names prints. */
export interface NumericListing {
  readonly virtualServers: readonly ListedVirtualServer[];
  readonly table: ListedTable;
  /** Real servers of firewall marks, which the table does not have. */
  readonly marked: ReadonlyMap<VirtualServerKey, readonly ObservedRealServer[]>;
  readonly sorted: boolean;
}

/**
 * Prints a plain listing with numbers for names. Lines of real servers go from the kernel's text to the output without
 * becoming objects, which is most of what a large table costs otherwise.
 */
export function listNumeric(listing: NumericListing, write: (bytes: Uint8Array) => void): void {
  const output = new ByteOutput(write);
  const order = new EndpointOrder();
  for (const listed of listing.virtualServers) {
    output.text(virtualServerLine(listed, look));
    printRealServers(listing, listed, output, order);
  }
  output.flush();
}

function printRealServers(
  listing: NumericListing,
  listed: ListedVirtualServer,
  output: ByteOutput,
  order: EndpointOrder,
): void {
  const { table, marked, sorted } = listing;
  const { key, identity } = listed.virtualServer;
  const known = marked.get(key);
  if (known === undefined && printLines(listing, identity, output, order)) return;
  const realServers: readonly ListedRealServer[] = known ?? table.realServersOf(identity);
  const protocol = identity.kind === 'address' ? identity.protocol : undefined;
  for (const realServer of sorted ? sortRealServers(realServers) : realServers) {
    output.text(plainRealServerLine(realServer, protocol, look));
  }
}

/** False when the lines cannot be taken as they are: over IPv6, or far apart. */
function printLines(
  { table, sorted }: NumericListing,
  identity: VirtualServerIdentity,
  output: ByteOutput,
  order: EndpointOrder,
): boolean {
  const { start, end } = table.rangeOf(identity);
  for (let index = start; index < end; index++) if (table.endpointAt(index) < 0) return false;
  if (sorted && !order.take(table, start, end)) return false;
  for (let index = start; index < end; index++) {
    const shown = sorted ? order.at(index - start) : index;
    output.realServer(table.endpointAt(shown), table.columnsAt(shown));
  }
  return true;
}
