import { virtualServerFlags } from '../model/virtual-server.ts';

/**
 * Flags that make a draining server harmless: sh and mh would refuse the clients that hash to a server of weight 0, so
 * both fall back to another one. mh hashes the source port too, as upstream has it. Source: linux ip_vs_sh.c, ip_vs_mh.c.
 */
export function schedulerFlags(scheduler: string): number {
  if (scheduler === 'mh') return virtualServerFlags.schedulerFallback | virtualServerFlags.schedulerPort;
  return scheduler === 'sh' ? virtualServerFlags.schedulerFallback : 0;
}

/** Schedulers that choose by the place of a real server in the kernel's list. */
const orderedSchedulers: ReadonlySet<string> = new Set(['sh', 'dh', 'mh']);

/** Whether the real server that a client gets follows from the order in which they were added. */
export function choosesByOrder(scheduler: string): boolean {
  return orderedSchedulers.has(scheduler);
}
