import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { InterfaceFacts } from '../../cli/check/check-facts.ts';
import { textOfFile } from '../text-of-file.ts';

/** Kinds of tunnels by the hardware type that the kernel gives them. Source: linux/if_arp.h, read at 6.12. */
const kindsByType: Readonly<Record<string, string>> = { '768': 'ipip', '769': 'ipip', '776': 'ipip', '778': 'gre' };

/** The network interfaces, from /sys/class/net. */
export function interfaceFacts(directory = '/sys/class/net'): readonly InterfaceFacts[] {
  return names(directory).map((name) => {
    const read = (file: string) => textOfFile(join(directory, name, file)).trim();
    const told = /^DEVTYPE=(.*)$/m.exec(read('uevent'))?.[1];
    return {
      name,
      mtuBytes: Number(read('mtu')),
      kind: told ?? kindsByType[read('type')] ?? kindByName(name),
      isUp: (Number(read('flags')) & 1) === 1,
    };
  });
}

/** What the kernel does not tell in files, as far as names say it. */
function kindByName(name: string): string {
  if (/^(veth|cali|lxc|nodelocaldns)/.test(name)) return 'veth';
  return name.startsWith('kube-ipvs') || name.startsWith('dummy') ? 'dummy' : '';
}

function names(directory: string): readonly string[] {
  try {
    return readdirSync(directory).filter((name) => name !== 'bonding_masters');
  } catch {
    return [];
  }
}
