/** Ports from the first to the last, both included; 1 to 65535. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

const highestPort = 65_535;

/** Reads `FIRST-LAST`. Returns undefined for anything else, and for a range that is none. */
export function parsePortRange(text: string): PortRange | undefined {
  const [, first, last] = /^(\d{1,5})-(\d{1,5})$/.exec(text) ?? [];
  const range = { first: Number(first), last: Number(last) };
  return range.first >= 1 && range.first <= range.last && range.last <= highestPort ? range : undefined;
}
