/** What an instant that never was looks like: Go's zero time. */
export const zeroTime = '0001-01-01T00:00:00Z';

/**
 * An instant in RFC 3339 with the local zone's offset, or `Z` where that is zero; trailing zeros of the fraction are
 * left out, as Go prints times in JSON.
 */
export function formatRfc3339(timeMs: number, offsetMinutes = -new Date(timeMs).getTimezoneOffset()): string {
  const shifted = new Date(timeMs + offsetMinutes * 60_000).toISOString();
  const fraction = shifted.slice(19, -1).replace(/\.?0+$/, '');
  return `${shifted.slice(0, 19)}${fraction}${zone(offsetMinutes)}`;
}

function zone(offsetMinutes: number): string {
  if (offsetMinutes === 0) return 'Z';
  const magnitude = Math.abs(offsetMinutes);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${offsetMinutes < 0 ? '-' : '+'}${two(Math.floor(magnitude / 60))}:${two(magnitude % 60)}`;
}
