import type { ListedRealServer, ListedVirtualServer } from '../../kernel/drivers.ts';
import type { StatusLine } from '../../model/status-protocol.ts';
import type { VirtualServer, VirtualServerIdentity } from '../../model/virtual-server.ts';
import type { Terminal } from '../terminal.ts';
import { DaemonPicture } from './daemon-picture.ts';
import { filterView, needsNames } from './service-filter.ts';
import { sortView } from './service-order.ts';
import { type RealServersOf, serviceView, type ShownVirtualServer } from './service-view.ts';
import { servicesDocument } from './services-document.ts';
import { parseServicesOptions, type ServicesOptions, ServicesUsageError } from './services-options.ts';
import { servicesTable } from './services-table.ts';
import { yamlText } from './yaml-text.ts';

/** What is read of the kernel. All of it throws errors with `errnoName`. */
interface ServicesKernel {
  /** Version and size of the table; the first request, which fails where there is no IPVS. */
  info(): Promise<unknown>;
  listVirtualServers(counters: 'withCounters'): Promise<readonly ListedVirtualServer[]>;
  listRealServers(virtualServers: readonly VirtualServer[]): Promise<readonly (readonly ListedRealServer[])[]>;
  readTable(
    virtualServers: readonly VirtualServer[],
  ): { realServersOf(identity: VirtualServerIdentity): readonly ListedRealServer[] } | undefined;
  close(): void;
}

/** What the daemon told, or in one sentence why it did not. */
export type DaemonAnswer =
  | { readonly kind: 'told'; readonly lines: readonly StatusLine[] }
  | { readonly kind: 'away'; readonly why: string };

/** What the program needs of the world. */
export interface ServicesWorld {
  /** How the program is called in messages. */
  readonly program: string;
  readonly terminal: Terminal;
  readonly openKernel: () => Promise<ServicesKernel>;
  readonly askDaemon: (options: Pick<ServicesOptions, 'socket' | 'service' | 'namespace'>) => Promise<DaemonAnswer>;
  readonly writeOutput: (text: string) => void;
  readonly writeError: (text: string) => void;
  /** Shows one picture after the other until it is to end; the exit code. */
  readonly watch: (options: ServicesOptions, takePicture: TakePicture) => Promise<number>;
}

/** The table at a moment, with names as far as the daemon tells them. */
export interface Picture {
  readonly view: readonly ShownVirtualServer[];
  /** Empty when the daemon is away. */
  readonly node: string;
  /** Why names are missing; empty when they are not. */
  readonly notice: string;
}

export type TakePicture = () => Promise<Picture>;

/** Exit codes: nothing of what was asked for; a command line that cannot be used, or no IPVS. */
const exitCodes = { nothingFound: 1, unusable: 2 } as const;

/** Carries out a command line with options that ipvsadm does not have; the exit code. */
export async function runServices(argv: readonly string[], world: ServicesWorld): Promise<number> {
  const { program, writeError } = world;
  let kernel: ServicesKernel | undefined;
  try {
    const options = parseServicesOptions(argv);
    kernel = await openKernel(world);
    const opened = kernel;
    const takePicture = () => picture(opened, options, world);
    if (options.watch) return await world.watch(options, takePicture);
    return print(await takePicture(), options, world);
  } catch (error) {
    writeError(`${program}: ${error instanceof Error ? error.message : String(error)}\n`);
    return error instanceof ServicesUsageError || error instanceof NoKernelError ? exitCodes.unusable : 1;
  } finally {
    kernel?.close();
  }
}

class NoKernelError extends Error {
  readonly code = 'NO_IPVS';
}

/** Filters that only the daemon can answer, and it does not. */
class NamesMissingError extends Error {
  readonly code = 'NAMES_MISSING';
}

async function openKernel({ openKernel: open }: ServicesWorld): Promise<ServicesKernel> {
  let kernel: ServicesKernel | undefined;
  try {
    kernel = await open();
    await kernel.info();
    return kernel;
  } catch (error) {
    kernel?.close();
    const why = error instanceof Error ? error.message : String(error);
    throw new NoKernelError(`IPVS cannot be reached: ${why}`, { cause: error });
  }
}

async function picture(kernel: ServicesKernel, options: ServicesOptions, world: ServicesWorld): Promise<Picture> {
  const { socket, service, namespace } = options; // an address may be one of a real server, which the daemon cannot find
  const answer = await world.askDaemon({ socket, service, namespace });
  if (answer.kind === 'away' && needsNames(options)) {
    throw new NamesMissingError(`only a running ipvs-proxier knows names, and ${answer.why}`);
  }
  const told = new DaemonPicture(answer.kind === 'told' ? answer.lines : []);
  const virtualServers = await kernel.listVirtualServers('withCounters');
  const realServersOf = await readRealServers(kernel, virtualServers);
  const view = sortView(filterView(serviceView(virtualServers, realServersOf, told), options));
  const notice = answer.kind === 'away' ? `names are missing: ${answer.why}` : '';
  return { view, node: told.node, notice };
}

/** Those of firewall marks, and of all where there is no text of the table, are asked for one by one. */
async function readRealServers(kernel: ServicesKernel, listed: readonly ListedVirtualServer[]): Promise<RealServersOf> {
  const virtualServers = listed.map(({ virtualServer }) => virtualServer);
  const table = kernel.readTable(virtualServers);
  const asked = virtualServers.filter(({ identity }) => table === undefined || identity.kind === 'firewallMark');
  const lists = asked.length === 0 ? [] : await kernel.listRealServers(asked);
  const found = new Map(asked.map(({ key }, index) => [key, lists[index] ?? []]));
  return ({ key, identity }) => found.get(key) ?? table?.realServersOf(identity) ?? [];
}

function print({ view, node, notice }: Picture, options: ServicesOptions, world: ServicesWorld): number {
  if (notice !== '') world.writeError(`${world.program}: ${notice}\n`);
  const { output } = options;
  if (output === 'json') world.writeOutput(`${JSON.stringify(servicesDocument(view, node), undefined, 2)}\n`);
  else if (output === 'yaml') world.writeOutput(yamlText(servicesDocument(view, node)));
  else if (view.length > 0) {
    world.writeOutput(servicesTable(view, { terminal: world.terminal, wide: output === 'wide' }));
  }
  if (view.length > 0 || !isFiltered(options)) return 0;
  world.writeError(`${world.program}: ${nothingFound(options)}\n`);
  return exitCodes.nothingFound;
}

function isFiltered(options: ServicesOptions): boolean {
  return needsNames(options) || options.address !== undefined;
}

function nothingFound({ service, namespace, address, node }: ServicesOptions): string {
  const wanted = [
    service !== '' && `Service ${service}`,
    service === '' && namespace !== '' && `namespace ${namespace}`,
    address !== undefined && `address ${address}`,
    node !== '' && `node ${node}`,
  ].filter((each) => each !== false);
  const hint = service === '' ? '' : `; ipvs-proxier explain svc/${service} says why`;
  return `nothing in the table of this node is for ${wanted.join(' and ')}${hint}`;
}
