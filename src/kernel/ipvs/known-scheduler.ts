import { existsSync } from 'node:fs';
import { readInSlices } from './read-in-slices.ts';

export interface KnownSchedulerOptions {
  readonly scheduler: string;
  /** The table as text. Default `/proc/net/ip_vs`. */
  readonly tablePath?: string;
  /** Where the kernel shows its modules. Default `/sys/module`. */
  readonly moduleDirectory?: string;
}

/** Modules named as those of schedulers that are none. */
const otherModules = new Set(['ftp', 'pe_sip', 'pe-sip']);

/**
 * Whether the kernel has a scheduler for certain, found out without a write: its module is loaded, or one of the first
 * virtual servers of the table uses it. False says nothing: it may be built in, or its module may be loaded on demand.
 */
export async function isKnownScheduler(options: KnownSchedulerOptions): Promise<boolean> {
  const { scheduler, tablePath = '/proc/net/ip_vs', moduleDirectory = '/sys/module' } = options;
  const module = `${moduleDirectory}/ip_vs_${scheduler.replaceAll('-', '_')}`;
  if (!otherModules.has(scheduler) && existsSync(module)) return true;
  if (!existsSync(tablePath)) return false;
  const uses = /^(?:TCP|UDP|SCTP|FWM) +\S+ +(\S+)/gm;
  for await (const piece of readInSlices(tablePath)) {
    // A piece of 64 KiB holds hundreds of virtual servers; of ours all use the one scheduler.
    return [...piece.matchAll(uses)].some(([, used]) => used === scheduler);
  }
  return false;
}
