import { endpointsAreNear } from './listing-order.ts';

/** Where endpoints over IPv4 are read. */
export interface EndpointSource {
  /** `address * 65536 + port`. */
  endpointAt(index: number): number;
}

/** Up to so many are sorted by insertion, which needs no memory. */
const fewEndpoints = 64;

/** Puts the endpoints of one virtual server after the other in order, without leaving garbage behind. */
export class EndpointOrder {
  #order: number[] = [];

  /** Orders the endpoints from `start` to before `end`; false where they are so far apart that numbers do not tell. */
  take(source: EndpointSource, start: number, end: number): boolean {
    if (!isNear(source, start, end)) return false;
    if (end - start > fewEndpoints) {
      const indices = Array.from({ length: end - start }, (_, offset) => start + offset);
      this.#order = indices.sort((first, second) => source.endpointAt(first) - source.endpointAt(second));
      return true;
    }
    for (let index = start; index < end; index++) this.#insert(source, index, index - start);
    return true;
  }

  /** Index of the endpoint that is the n-th in order, counted from 0. */
  at(position: number): number {
    return this.#order[position] ?? 0;
  }

  #insert(source: EndpointSource, index: number, count: number): void {
    const endpoint = source.endpointAt(index);
    let at = count;
    for (; at > 0 && source.endpointAt(this.at(at - 1)) > endpoint; at--) this.#order[at] = this.at(at - 1);
    this.#order[at] = index;
  }
}

function isNear(source: EndpointSource, start: number, end: number): boolean {
  let least = Number.POSITIVE_INFINITY;
  let greatest = 0;
  for (let index = start; index < end; index++) {
    const endpoint = source.endpointAt(index);
    if (endpoint < least) least = endpoint;
    if (endpoint > greatest) greatest = endpoint;
  }
  return endpointsAreNear(least, greatest);
}
