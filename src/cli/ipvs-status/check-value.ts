import { parseIp } from '../../model/ip.ts';
import type { OptionName } from './options.ts';

const greatestInteger = 2_147_483_647;

/** Options with a number: what ipvsadm calls it when it refuses one, and the bounds it takes. */
const numbers: Partial<Record<OptionName, readonly [refusal: string, least: number, greatest: number]>> = {
  weight: ['illegal weight specified', 0, greatestInteger],
  'u-threshold': ['illegal u_threshold specified', 0, greatestInteger],
  'l-threshold': ['illegal l_threshold specified', 0, greatestInteger],
  syncid: ['illegal syncid specified', 0, 255],
  'mcast-port': ['illegal mcast-port specified', 1, 65_535],
  'mcast-ttl': ['illegal mcast-ttl specified', 1, 255],
  'sync-maxlen': ['illegal sync-maxlen specified', 1, 65_507],
  'tun-port': ['illegal tunnel port specified', 1, 65_535],
};

const tunnelTypes = new Set(['ipip', 'gue', 'gre']);

/**
 * Why ipvsadm refuses the value of an option before it looks at whether the command takes the option at all; undefined
 * when it does not. For options that listing has no use for, so that a mistake is told in the words that are known.
 */
export function valueRefusal(option: OptionName, value: string, scheduler: string): string | undefined {
  const number = numbers[option];
  if (number !== undefined) {
    const [refusal, least, greatest] = number;
    return isIntegerWithin(value, least, greatest) ? undefined : refusal;
  }
  switch (option) {
    case 'persistent':
      return isIntegerWithin(value, 1, 31_536_000) ? undefined : `invalid timeout value \`${value}' specified`;
    case 'tun-type':
      return tunnelTypes.has(value) ? undefined : 'illegal tunnel type specified';
    case 'mcast-group':
      return multicastRefusal(value);
    case 'sched-flags':
      return schedulerFlagRefusal(value, scheduler);
    default:
      return undefined;
  }
}

/** Whether this is a decimal number within the bounds, both included. */
export function isIntegerWithin(text: string, least: number, greatest: number): boolean {
  return /^\s*[+-]?\d+$/.test(text) && Number(text) >= least && Number(text) <= greatest;
}

function multicastRefusal(value: string): string | undefined {
  const family = value.includes(':') ? 'IPv6' : 'IPv4';
  const multicast = family === 'IPv6' ? /^ff[\da-f]{2}:/ : /^(22[4-9]|23\d)\./;
  return multicast.test(parseIp(value) ?? '') ? undefined : `invalid ${family} mcast-group \`${value}'`;
}

function schedulerFlagRefusal(value: string, scheduler: string): string | undefined {
  for (const flag of value.split(',')) {
    const [, ofScheduler] = /^(sh|mh)-(?:fallback|port)$/.exec(flag) ?? [];
    if (ofScheduler !== undefined && ofScheduler !== scheduler) return `incompatible scheduler flag \`${flag}'`;
    if (ofScheduler === undefined && !/^flag-[123]$/.test(flag)) return `invalid scheduler flag \`${flag}'`;
  }
  return undefined;
}
