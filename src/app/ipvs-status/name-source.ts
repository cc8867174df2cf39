import { readFileSync } from 'node:fs';
import { foundNames } from '../../cli/ipvs-status/endpoint-names.ts';
import { readHosts, readServices } from '../../cli/ipvs-status/name-files.ts';
import type { NameSource } from '../../cli/ipvs-status/status-world.ts';
import type { IpAddress } from '../../model/ip.ts';
import { parseIp } from '../../model/ip.ts';

/** How long all look-ups of addresses together may take; after that addresses are printed. */
const lookUpBudgetMs = 5_000;
/** Name servers are asked twice, with this much time for the first answer. */
const resolverOptions = { timeout: 1_000, tries: 2 };
const parallelLookUps = 64;

/** Names from `/etc/services`, `/etc/hosts` and name servers. */
export function openNameSource(): NameSource {
  const services = readServices(readText('/etc/services'));
  const hosts = new Map<IpAddress, string>(readHosts(readText('/etc/hosts')));
  const addresses = new Map<string, IpAddress | undefined>();
  const lookUps = new AddressLookUps(hosts);
  return {
    names: foundNames(hosts, services.nameOf),
    portNumber: (name, protocol) => services.portOf.get(`${name}/${protocol.toLowerCase()}`),
    hostAddress: (name) => (addresses.has(name) ? addresses.get(name) : null),
    lookUpHost: async (name) => {
      addresses.set(name, await lookUpHost(name));
    },
    lookUpAddresses: (wanted) => lookUps.lookUp(wanted),
  };
}

/** As the system resolves names, with hosts file and search domains. */
async function lookUpHost(name: string): Promise<IpAddress | undefined> {
  const { lookup } = await import('node:dns/promises');
  try {
    return parseIp((await lookup(name, 4)).address);
  } catch {
    return undefined; // a name that does not resolve is told as an illegal address
  }
}

/** Asks name servers for names of addresses, each once, many at a time, until the budget is used up. */
class AddressLookUps {
  readonly #found: Map<IpAddress, string>;
  readonly #asked = new Set<IpAddress>();
  #deadline: number | undefined;

  constructor(found: Map<IpAddress, string>) {
    this.#found = found;
  }

  async lookUp(wanted: Iterable<IpAddress>): Promise<void> {
    const missing = [...new Set(wanted)].filter((address) => !this.#found.has(address) && !this.#asked.has(address));
    if (missing.length === 0) return;
    this.#deadline ??= Date.now() + lookUpBudgetMs;
    const leftMs = this.#deadline - Date.now();
    if (leftMs > 0) await this.#ask(missing, leftMs);
  }

  async #ask(missing: readonly IpAddress[], budgetMs: number): Promise<void> {
    const { Resolver } = await import('node:dns/promises');
    const resolver = new Resolver(resolverOptions);
    let ended = false;
    const timer = setTimeout(() => {
      ended = true;
      resolver.cancel();
    }, budgetMs);
    const queue = missing.values();
    const worker = async () => {
      for (const address of queue) {
        if (ended) return;
        await this.#askOne((name) => resolver.reverse(name), address);
      }
    };
    await Promise.all(Array.from({ length: parallelLookUps }, worker));
    clearTimeout(timer);
  }

  async #askOne(reverse: (address: string) => Promise<string[]>, address: IpAddress): Promise<void> {
    this.#asked.add(address);
    try {
      const [name] = await reverse(address);
      if (name !== undefined) this.#found.set(address, name);
    } catch {
      // an address without a name is printed as it is
    }
  }
}

/** Bytes become letters one to one, as the output has them. A file that is not there has no names. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
