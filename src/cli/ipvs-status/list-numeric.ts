import type { ListedRealServer, ListedVirtualServer } from '../../kernel/drivers.ts';
import type { ObservedRealServer } from '../../model/real-server.ts';
import type { VirtualServerIdentity, VirtualServerKey } from '../../model/virtual-server.ts';
import { ByteOutput } from './byte-output.ts';
import { numericNames } from './endpoint-names.ts';
import { orderOfEndpoints, sortRealServers } from './listing-order.ts';
import { plainRealServerLine, type TableLook, virtualServerLine } from './print-table.ts';
import type { ListedTable } from './status-world.ts';

const look: TableLook = { detail: 'plain', exact: false, names: numericNames };

const noColumns = new Uint8Array(0);

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
  for (const listed of listing.virtualServers) {
    output.text(virtualServerLine(listed, look));
    printRealServers(listing, listed, output);
  }
  output.flush();
}

function printRealServers({ table, marked, sorted }: NumericListing, listed: ListedVirtualServer, output: ByteOutput) {
  const { key, identity } = listed.virtualServer;
  const known = marked.get(key);
  if (known === undefined && printLines(table, identity, sorted, output)) return;
  const realServers: readonly ListedRealServer[] = known ?? table.realServersOf(identity);
  const protocol = identity.kind === 'address' ? identity.protocol : undefined;
  for (const realServer of sorted ? sortRealServers(realServers) : realServers) {
    output.text(plainRealServerLine(realServer, protocol, look));
  }
}

/** False when the lines cannot be taken as they are. */
function printLines(table: ListedTable, identity: VirtualServerIdentity, sorted: boolean, output: ByteOutput): boolean {
  const lines = table.linesOf(identity);
  if (lines === undefined) return false;
  const { endpoints, columns } = lines;
  const order = sorted ? orderOfEndpoints(endpoints) : endpoints.keys();
  if (order === undefined) return false;
  for (const index of order) {
    output.realServer(endpoints[index] ?? 0, columns[index] ?? noColumns);
  }
  return true;
}
