import type { IpAddress } from '../../model/ip.ts';
import { parseIp } from '../../model/ip.ts';

/** Names of ports, and ports of names. Keys are e.g. `80/tcp` and `http/tcp`. */
export interface ServiceNames {
  readonly nameOf: ReadonlyMap<string, string>;
  readonly portOf: ReadonlyMap<string, number>;
}

/** Reads a file such as `/etc/services`; of several lines with the same port or name the first counts. */
export function readServices(text: string): ServiceNames {
  const nameOf = new Map<string, string>();
  const portOf = new Map<string, number>();
  for (const [name = '', portAndProtocol = '', ...aliases] of wordsOfLines(text)) {
    const [, port, protocol] = /^(\d+)\/(\w+)$/.exec(portAndProtocol) ?? [];
    if (port === undefined || protocol === undefined) continue;
    if (!nameOf.has(portAndProtocol)) nameOf.set(portAndProtocol, name);
    for (const called of [name, ...aliases]) {
      if (!portOf.has(`${called}/${protocol}`)) portOf.set(`${called}/${protocol}`, Number(port));
    }
  }
  return { nameOf, portOf };
}

/** Reads a file such as `/etc/hosts`: the name of each address. The first line with an address counts. */
export function readHosts(text: string): ReadonlyMap<IpAddress, string> {
  const names = new Map<IpAddress, string>();
  for (const [written = '', name] of wordsOfLines(text)) {
    const address = parseIp(written);
    if (address !== undefined && name !== undefined && !names.has(address)) names.set(address, name);
  }
  return names;
}

/** What is before a `#`. */
function wordsOfLines(text: string): string[][] {
  return text.split('\n').map((line) => (line.split('#', 1)[0] ?? '').trim().split(/\s+/));
}
