import type { ListedConnection, ListedRealServer, ListedVirtualServer } from '../../kernel/drivers.ts';
import type { IpAddress } from '../../model/ip.ts';
import type { ObservedRealServer } from '../../model/real-server.ts';
import type { VirtualServerIdentity, VirtualServerKey } from '../../model/virtual-server.ts';
import { listNumeric } from './list-numeric.ts';
import { sortRealServers, sortVirtualServers } from './listing-order.ts';
import type { OptionName } from './options.ts';
import { connectionLine, connectionsHeading } from './print-connections.ts';
import { type SavedRealServer, saveRealServers, saveVirtualServer } from './print-save.ts';
import { versionLine } from './print-settings.ts';
import {
  plainRealServerLine,
  realServerLine,
  type TableDetail,
  type TableLook,
  tableHeading,
  virtualServerLine,
} from './print-table.ts';
import type { ListedTable, Listing } from './status-world.ts';

/** Virtual servers, or connections, that are read, named and written at a time: bounds the memory needed. */
const entriesPerPart = 512;
/** The same of virtual servers whose real servers need not be asked for: little enough to be gone from memory soon. */
const readEntriesPerPart = 64;

/** Of several the first counts. */
const details: readonly TableDetail[] = ['stats', 'rate', 'thresholds', 'persistent-conn', 'tun-info'];

/** Lists the table, or one virtual server of it; false when that does not exist. */
export async function listTable(
  listing: Listing,
  options: ReadonlySet<OptionName>,
  selected: VirtualServerIdentity | undefined,
): Promise<boolean> {
  const detail = details.find((name) => options.has(name as OptionName)) ?? 'plain';
  const look: TableLook = { detail, exact: options.has('exact'), names: listing.names.names };
  const sorted = !options.has('nosort');
  if (selected !== undefined) return await listSelected(listing, look, sorted, selected);
  const counters = detail === 'stats' || detail === 'rate' ? 'withCounters' : 'withoutCounters';
  const found = await listing.kernel.listVirtualServers(counters);
  listing.write(versionLine(listing.version) + tableHeading(detail));
  const virtualServers = found.map(({ virtualServer }) => virtualServer);
  const table = detail === 'plain' ? listing.kernel.readTable(virtualServers) : undefined;
  const ordered = sorted ? sortVirtualServers(found, identityOf) : found;
  if (table !== undefined && options.has('numeric')) {
    const marked = await readRealServers(listing, ordered.filter(isMarked));
    listNumeric({ virtualServers: ordered, table, marked, sorted }, listing.writeBytes);
    return true;
  }
  for (const part of partsOf(ordered, table === undefined ? entriesPerPart : readEntriesPerPart)) {
    await listPart(listing, look, sorted, part, table);
  }
  return true;
}

function isMarked(listed: ListedVirtualServer): boolean {
  return identityOf(listed).kind === 'firewallMark';
}

/** Prints the whole table as command lines. */
export async function saveTable(listing: Listing): Promise<void> {
  const { names } = listing.names;
  const found = await listing.kernel.listVirtualServers('withoutCounters');
  const table = listing.kernel.readTable(found.map(({ virtualServer }) => virtualServer));
  const sorted = sortVirtualServers(found, identityOf);
  for (const part of partsOf(sorted, table === undefined ? entriesPerPart : readEntriesPerPart)) {
    const realServers = await savedRealServers(listing, part, table);
    await lookUp(listing, part, realServers);
    let text = '';
    for (const [index, listed] of part.entries()) {
      text += saveVirtualServer(listed, names);
      text += saveRealServers(listed.virtualServer, sortRealServers(realServers[index] ?? []), names);
    }
    listing.write(text);
  }
}

/** From the table, but for firewall marks, which it does not have, and for tunnels, of which it does not tell enough. */
async function savedRealServers(
  listing: Listing,
  part: readonly ListedVirtualServer[],
  table: ListedTable | undefined,
): Promise<readonly (readonly SavedRealServer[])[]> {
  const read = part.map((listed) => (isMarked(listed) ? undefined : table?.realServersOf(identityOf(listed))));
  const isEnough = (list: readonly ListedRealServer[] | undefined) =>
    list?.every(({ forwarding }) => forwarding !== 'tunnel') === true;
  const detailed = await readRealServers(
    listing,
    part.filter((_, index) => !isEnough(read[index])),
  );
  return part.map((listed, index) => detailed.get(keyOf(listed)) ?? read[index] ?? []);
}

/** Lists connections in the kernel's order. */
export async function listConnections(listing: Listing, withEngines: boolean): Promise<void> {
  listing.write(connectionsHeading(withEngines));
  let part: ListedConnection[] = [];
  for await (const connection of listing.kernel.readConnections()) {
    part.push(connection);
    if (part.length < entriesPerPart) continue;
    await writeConnections(listing, part, withEngines);
    part = [];
  }
  await writeConnections(listing, part, withEngines);
}

async function listSelected(
  listing: Listing,
  look: TableLook,
  sorted: boolean,
  selected: VirtualServerIdentity,
): Promise<boolean> {
  const found = await listing.kernel.findVirtualServer(selected);
  if (found === undefined) return false;
  listing.write(tableHeading(look.detail));
  await listPart(listing, look, sorted, [found], undefined);
  return true;
}

async function listPart(
  listing: Listing,
  look: TableLook,
  sorted: boolean,
  part: readonly ListedVirtualServer[],
  table: ListedTable | undefined,
): Promise<void> {
  const detailed = await readRealServers(listing, table === undefined ? part : part.filter(isMarked));
  const realServers = part.map(
    (listed) => detailed.get(keyOf(listed)) ?? table?.realServersOf(identityOf(listed)) ?? [],
  );
  await lookUp(listing, part, realServers);
  let text = '';
  for (const [index, listed] of part.entries()) {
    text += virtualServerLine(listed, look);
    const protocol = protocolOf(listed);
    const known = detailed.get(keyOf(listed));
    const lines =
      known === undefined
        ? inOrder(realServers[index] ?? [], sorted).map((realServer) => plainRealServerLine(realServer, protocol, look))
        : inOrder(known, sorted).map((realServer) => realServerLine(realServer, protocol, look));
    text += lines.join('');
  }
  listing.write(text);
}

async function readRealServers(
  listing: Listing,
  virtualServers: readonly ListedVirtualServer[],
): Promise<ReadonlyMap<VirtualServerKey, readonly ObservedRealServer[]>> {
  if (virtualServers.length === 0) return new Map();
  const lists = await listing.kernel.listRealServers(virtualServers.map(({ virtualServer }) => virtualServer));
  return new Map(virtualServers.map((listed, index) => [keyOf(listed), lists[index] ?? []]));
}

async function writeConnections(
  listing: Listing,
  part: readonly ListedConnection[],
  withEngines: boolean,
): Promise<void> {
  const addresses = part.flatMap(({ source, virtual, destination }) => [source, virtual, destination]);
  await listing.names.lookUpAddresses(addresses.map(({ address }) => address));
  listing.write(part.map((connection) => connectionLine(connection, listing.names.names, withEngines)).join(''));
}

async function lookUp(
  listing: Listing,
  virtualServers: readonly ListedVirtualServer[],
  realServers: readonly (readonly ListedRealServer[])[],
): Promise<void> {
  await listing.names.lookUpAddresses(addressesOf(virtualServers, realServers));
}

function* addressesOf(
  virtualServers: readonly ListedVirtualServer[],
  realServers: readonly (readonly ListedRealServer[])[],
): Generator<IpAddress> {
  for (const listed of virtualServers) {
    const identity = identityOf(listed);
    if (identity.kind === 'address') yield identity.address;
  }
  for (const list of realServers) for (const { address } of list) yield address;
}

function* partsOf<T>(entries: readonly T[], size: number): Generator<readonly T[]> {
  for (let start = 0; start < entries.length; start += size) yield entries.slice(start, start + size);
}

function inOrder<T extends ListedRealServer>(realServers: readonly T[], sorted: boolean): readonly T[] {
  return sorted ? sortRealServers(realServers) : realServers;
}

function identityOf({ virtualServer }: ListedVirtualServer): VirtualServerIdentity {
  return virtualServer.identity;
}

function keyOf({ virtualServer }: ListedVirtualServer): VirtualServerKey {
  return virtualServer.key;
}

function protocolOf(listed: ListedVirtualServer): string | undefined {
  const identity = identityOf(listed);
  return identity.kind === 'address' ? identity.protocol : undefined;
}
