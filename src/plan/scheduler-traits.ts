import type { ProxierSettings } from '../config/config.ts';
import { virtualServerFlags } from '../model/virtual-server.ts';

type HashSourcePort = NonNullable<ProxierSettings['hashSourcePort']>;

/**
 * Flags that make a draining server harmless: sh and mh would refuse the clients that hash to a server of weight 0, so
 * both fall back to another one. Unless told otherwise mh hashes the source port too, and sh does not, as upstream has it.
 * Source: linux ip_vs_sh.c, ip_vs_mh.c.
 */
export function schedulerFlags(scheduler: string, hashSourcePort: HashSourcePort = 'byScheduler'): number {
  if (scheduler !== 'sh' && scheduler !== 'mh') return 0;
  const hashesPort = hashSourcePort === 'byScheduler' ? scheduler === 'mh' : hashSourcePort === 'always';
  return virtualServerFlags.schedulerFallback | (hashesPort ? virtualServerFlags.schedulerPort : 0);
}

/** Schedulers that choose by the place of a real server in the kernel's list. */
const orderedSchedulers: ReadonlySet<string> = new Set(['sh', 'dh', 'mh']);

/** Whether the real server that a client gets follows from the order in which they were added. */
export function choosesByOrder(scheduler: string): boolean {
  return orderedSchedulers.has(scheduler);
}
