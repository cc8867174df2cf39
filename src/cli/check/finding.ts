/** What was found out about one thing. */
export interface Finding {
  readonly area: 'kernel' | 'modules' | 'sets' | 'matches' | 'iptables' | 'settings' | 'rights' | 'proxies' | 'network';
  /** With an error Services will not work; with a warning some may not, or not well. */
  readonly level: 'ok' | 'warning' | 'error';
  readonly text: string;
  /** What to do about it; absent where all is well. */
  readonly remedy?: string;
}

type Area = Finding['area'];

export function fine(area: Area, text: string): Finding {
  return { area, level: 'ok', text };
}

export function warn(area: Area, text: string, remedy: string): Finding {
  return { area, level: 'warning', text, remedy };
}

export function fail(area: Area, text: string, remedy: string): Finding {
  return { area, level: 'error', text, remedy };
}
