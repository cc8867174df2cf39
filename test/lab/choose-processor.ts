import { readdirSync, readFileSync } from 'node:fs';

/**
 * The processor for a guest, which has only one itself: kept there it runs up to twice as fast as when its processes
 * wake each other from processor to processor. Of those that this process may use, one with the fewest guests.
 */
export function chooseProcessor(): number | undefined {
  return leastUsed(allowedProcessors(), guestProcessors(), Math.random());
}

/** The processors that this process may use. */
export function allowedProcessors(): readonly number[] {
  return processorsOf('self');
}

/** One of the processors that the fewest guests are bound to; `draw`, from 0 up to 1, decides between equal ones. Pure. */
export function leastUsed(
  allowed: readonly number[],
  guests: readonly (readonly number[])[],
  draw: number,
): number | undefined {
  const load = (processor: number) => guests.filter((bound) => bound.length === 1 && bound[0] === processor).length;
  const least = Math.min(...allowed.map(load));
  const candidates = allowed.filter((processor) => load(processor) === least);
  return candidates[Math.floor(draw * candidates.length)];
}

/** Reads a list such as `0-3,8`. Pure. */
export function parseProcessorList(text: string): readonly number[] {
  return text.split(',').flatMap((range) => {
    const [first = Number.NaN, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}

function processorsOf(process: string): readonly number[] {
  const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync(`/proc/${process}/status`, 'utf8'))?.[1];
  return list === undefined ? [] : parseProcessorList(list);
}

/** The processors of each guest that runs on this machine. A process that ends meanwhile counts for nothing. */
function guestProcessors(): readonly (readonly number[])[] {
  return readdirSync('/proc').flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      return isGuest(entry) ? [processorsOf(entry)] : [];
    } catch {
      return [];
    }
  });
}

/** A guest has many processes with the same command line; the first of them leads their group. */
function isGuest(process: string): boolean {
  if (!readFileSync(`/proc/${process}/cmdline`, 'utf8').includes('\0LABDIR=')) return false;
  const group = /\) \S+ \d+ (\d+) /.exec(readFileSync(`/proc/${process}/stat`, 'utf8'))?.[1];
  return group === process;
}
