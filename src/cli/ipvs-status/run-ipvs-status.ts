import { once } from '../../model/once.ts';
import { numericNames } from './endpoint-names.ts';
import { initializationFailure, listingFailure } from './failure-text.ts';
import { helpText } from './help-text.ts';
import { exitCodes, type Invocation, parseCommandLine } from './parse-command-line.ts';
import type { IpvsVersion } from './print-settings.ts';
import { daemonLine, timeoutsLine } from './print-settings.ts';
import { refusedChange } from './refused-change.ts';
import { listConnections, listTable, saveTable } from './run-listing.ts';
import type { AddressBook } from './service-address.ts';
import type { Listing, ListingNames, NameSource, StatusKernel, StatusWorld } from './status-world.ts';

/** Carries out a command line of `ipvs-status`; the exit code. */
export async function runIpvsStatus(argv: readonly string[], world: StatusWorld): Promise<number> {
  const openNames = once(world.openNames);
  const invocation = await parse(argv, world, openNames);
  switch (invocation.kind) {
    case 'help':
      world.writeOutput(helpText(world.program, world.terminal()));
      return 0;
    case 'version':
      world.writeOutput(world.versionText);
      return 0;
    case 'change':
      world.writeError(refusedChange(world.program, invocation.command));
      return exitCodes.notAccepted;
    case 'refused':
      world.writeError(invocation.message);
      return invocation.exitCode;
    case 'list':
    case 'save':
      return await withKernel(invocation, world, openNames);
  }
}

type Wanted = Extract<Invocation, { readonly kind: 'list' | 'save' }>;
type Settled = Exclude<Invocation, { readonly kind: 'lookUp' }>;

/** Hosts that the command line names are looked up as they are met. */
async function parse(argv: readonly string[], world: StatusWorld, openNames: () => NameSource): Promise<Settled> {
  const book: AddressBook = {
    hostAddress: (name) => openNames().hostAddress(name),
    portNumber: (name, protocol) => openNames().portNumber(name, protocol),
  };
  for (;;) {
    const invocation = parseCommandLine(argv, world.program, book);
    if (invocation.kind !== 'lookUp') return invocation;
    await openNames().lookUpHost(invocation.host);
  }
}

async function withKernel(wanted: Wanted, world: StatusWorld, openNames: () => NameSource): Promise<number> {
  let kernel: StatusKernel | undefined;
  let version: IpvsVersion;
  try {
    kernel = await world.openKernel();
    version = await kernel.info();
  } catch (error) {
    kernel?.close();
    world.writeError(initializationFailure(error));
    return exitCodes.notAccepted;
  }
  try {
    const names: ListingNames = wanted.options.has('numeric') ? noLookUps : openNames();
    return await list(
      wanted,
      { kernel, version, names, write: world.writeOutput, writeBytes: world.writeBytes },
      world,
    );
  } catch (error) {
    world.writeError(listingFailure(error));
    return 1;
  } finally {
    kernel.close();
  }
}

async function list(wanted: Wanted, listing: Listing, world: StatusWorld): Promise<number> {
  const { options } = wanted;
  if (wanted.kind === 'save') {
    await saveTable(listing);
  } else if (options.has('connection')) {
    await listConnections(listing, options.has('persistent-conn'));
  } else if (options.has('timeout')) {
    listing.write(timeoutsLine(await listing.kernel.timeouts()));
  } else if (options.has('daemon')) {
    listing.write((await listing.kernel.daemons()).map(daemonLine).join(''));
  } else if (!(await listTable(listing, options, wanted.selected))) {
    world.writeError('No such service\n');
    return 1;
  }
  return 0;
}

const noLookUps: ListingNames = { names: numericNames, lookUpAddresses: () => Promise.resolve() };
