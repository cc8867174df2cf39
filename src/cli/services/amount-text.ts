/** A number in at most five characters, in thousands of thousands: `999`, `1.2k`, `34M`. */
export function amountText(count: number): string {
  let scaled = Math.max(0, count);
  let unit = '';
  for (const next of ['k', 'M', 'G', 'T', 'P', 'E']) {
    if (scaled < 999.5) break;
    scaled /= 1000;
    unit = next;
  }
  if (unit === '') return scaled < 9.95 && !Number.isInteger(scaled) ? scaled.toFixed(1) : scaled.toFixed(0);
  return `${scaled < 9.95 ? scaled.toFixed(1) : scaled.toFixed(0)}${unit}`;
}

/** A time in its two greatest units: `12s`, `3m20s`, `2h5m`, `4d3h`. */
export function durationText(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [days, hours, minutes] = [
    Math.floor(whole / 86_400),
    Math.floor(whole / 3600) % 24,
    Math.floor(whole / 60) % 60,
  ];
  if (days > 0) return `${days}d${rest(hours, 'h')}`;
  if (hours > 0) return `${hours}h${rest(minutes, 'm')}`;
  return minutes > 0 ? `${minutes}m${rest(whole % 60, 's')}` : `${whole}s`;
}

function rest(value: number, unit: string): string {
  return value === 0 ? '' : `${value}${unit}`;
}
