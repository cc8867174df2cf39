import { joinText } from './flat-text.ts';

/** Where an endpoint is, for people to read: nothing is decided by it. Empty for what is unknown. */
export interface Place {
  readonly pod: string;
  readonly zone: string;
}

/**
 * The places of the endpoints of a slice as one short text, for there may be a hundred thousand of them and mostly
 * nobody asks: what all names begin with is kept once. Empty when nothing is known.
 */
export function packPlaces(places: readonly Place[]): string {
  const pods = places.map(({ pod }) => lineOf(pod));
  const zones = places.map(({ zone }) => lineOf(zone));
  if (pods.every((name) => name === '') && zones.every((name) => name === '')) return '';
  const podStart = commonStart(pods);
  const zoneStart = commonStart(zones);
  const lines = [podStart, '\n', zoneStart];
  for (const [index, pod] of pods.entries()) {
    lines.push('\n', pod.slice(podStart.length), '\n', (zones[index] ?? '').slice(zoneStart.length));
  }
  return joinText(...lines);
}

/** The places that were packed, in their order; none for an empty text. */
export function unpackPlaces(packed: string): readonly Place[] {
  const [podStart = '', zoneStart = '', ...names] = packed.split('\n');
  const places: Place[] = [];
  for (let index = 0; index + 1 < names.length; index += 2) {
    places.push({ pod: podStart + names[index], zone: zoneStart + names[index + 1] });
  }
  return places;
}

/** The API allows no such names; objects from files may have anything. */
function lineOf(name: string): string {
  return name.includes('\n') ? '' : name;
}

function commonStart(names: readonly string[]): string {
  const [first = ''] = names;
  let length = first.length;
  for (const name of names) {
    while (!name.startsWith(first.slice(0, length))) length -= 1;
  }
  return first.slice(0, length);
}
