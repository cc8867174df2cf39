/** The value below which the part `fraction` (0 to 1) of the values lies; the nearest rank. Throws without values. */
export function percentile(values: readonly number[], fraction: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const rank = Math.min(sorted.length - 1, Math.max(0, Math.ceil(fraction * sorted.length) - 1));
  const value = sorted[rank];
  if (value === undefined) throw new Error('no measurements');
  return value;
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** Two durations measured one right after the other, so that a slow moment of the machine hits both. */
export interface Pair {
  readonly oursMs: number;
  readonly floorMs: number;
}

/** How many times as long ours takes: the median of the ratios of the pairs. */
export function medianRatio(pairs: readonly Pair[]): number {
  return median(pairs.map(({ oursMs, floorMs }) => oursMs / floorMs));
}

/** The pair of the fastest run of each side. What takes tens of milliseconds is longer only where others disturbed it. */
export function fastest(pairs: readonly Pair[]): Pair {
  return {
    oursMs: percentile(
      pairs.map(({ oursMs }) => oursMs),
      0,
    ),
    floorMs: percentile(
      pairs.map(({ floorMs }) => floorMs),
      0,
    ),
  };
}

/** Measures pairs, every second one in the other order, so that neither is always the first. */
export async function measurePairs(
  count: number,
  ours: () => Promise<number>,
  floor: () => Promise<number>,
): Promise<readonly Pair[]> {
  const pairs: Pair[] = [];
  for (let index = 0; index < count; index++) {
    const oursFirst = index % 2 === 0;
    const first = await (oursFirst ? ours() : floor());
    const second = await (oursFirst ? floor() : ours());
    pairs.push(oursFirst ? { oursMs: first, floorMs: second } : { oursMs: second, floorMs: first });
  }
  return pairs;
}
