import type { IpAddress } from '../../model/ip.ts';
import type { ListedConnection } from '../drivers.ts';
import { readAddress } from './endpoint-text.ts';
import { readInSlices } from './read-in-slices.ts';

/**
 * The connections of a listing such as `/proc/net/ip_vs_conn`, in the kernel's order. Throws `DriverError`. Source:
 * linux/net/netfilter/ipvs/ip_vs_conn.c, `ip_vs_conn_seq_show`, read at 6.1.
 */
export async function* readListedConnections(path: string): AsyncGenerator<ListedConnection> {
  let rest = '';
  let heading = true;
  for await (const piece of readInSlices(path)) {
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (!heading) yield readConnection(line);
      heading = false;
    }
  }
}

/** `UDP 0A600001 9DB0 0A600001 0035 0AF4010A 14E9 UDP             298`, and the persistence engine's name and data. */
function readConnection(line: string): ListedConnection {
  const [protocol = '', ...words] = line.trim().split(/ +/);
  const [source, sourcePort, virtual, virtualPort, destination, destinationPort, state = '', expires] = words;
  const [engine, data] = words.slice(8);
  return {
    protocol,
    source: readEnd(source, sourcePort),
    virtual: readEnd(virtual, virtualPort),
    destination: readEnd(destination, destinationPort),
    state,
    expiresSeconds: Number(expires),
    ...(engine === undefined ? {} : { persistenceEngine: engine, persistenceData: data ?? '' }),
  };
}

function readEnd(address = '', port = ''): { readonly address: IpAddress; readonly port: number } {
  return { address: readAddress(address), port: Number.parseInt(port, 16) };
}
