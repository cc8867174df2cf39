import { addressBits, familyOf, networkAddressOf, parseCidr, parseIp, prefixLengthOf } from '../../model/ip.ts';

/** An option of a rule, a match or a target, with its values. */
export interface RuleOption {
  readonly name: string;
  readonly values: readonly string[];
  readonly negated: boolean;
}

const protocolNames: Readonly<Record<string, string>> = {
  '1': 'icmp',
  '6': 'tcp',
  '17': 'udp',
  '58': 'ipv6-icmp',
  '132': 'sctp',
  icmpv6: 'ipv6-icmp',
};

/** What REJECT answers with when nothing is said; printed by the kernel all the same. */
const defaultRejections = new Set(['icmp-port-unreachable', 'icmp6-port-unreachable']);

const allBits = 0xffff_ffff;

/**
 * An option in the one form that stands for all ways to write it; undefined for one that only spells out a default.
 * `owner` is the match or target that it belongs to, empty for a general one. What is not known stays as it is.
 */
export function canonicalOption(owner: string, option: RuleOption): RuleOption | undefined {
  const value = option.values[0];
  if (value === undefined) return option;
  const changed = (text: string): RuleOption => ({ ...option, values: [text, ...option.values.slice(1)] });
  switch (`${owner} ${option.name}`) {
    case ' -s':
    case ' -d':
    case 'ipvs --vaddr':
      return changed(withoutHostPrefix(value));
    case ' -p':
    case 'ipvs --vproto':
      return changed(protocolNames[value.toLowerCase()] ?? value.toLowerCase());
    case 'mark --mark':
      return changed(markWithMask(value));
    case 'conntrack --ctstate':
      return changed(value.split(',').sort().join(','));
    case 'REJECT --reject-with':
      return defaultRejections.has(value) ? undefined : option;
    default:
      return owner === 'MARK' ? setXmark(option, value) : option;
  }
}

function withoutHostPrefix(text: string): string {
  const cidr = parseCidr(text);
  if (cidr === undefined) return parseIp(text) ?? text;
  return prefixLengthOf(cidr) === addressBits(familyOf(cidr)) ? networkAddressOf(cidr) : cidr;
}

function markWithMask(text: string): string {
  const mark = parseMark(text);
  return mark === undefined ? text : `${hex(mark.value)}/${hex(mark.mask)}`;
}

/** All options of MARK as `--set-xmark VALUE/MASK`: clear the bits of the mask, then flip those of the value. */
function setXmark(option: RuleOption, text: string): RuleOption {
  const mark = parseMark(text);
  const operation = mark && xmarkOf(option.name, mark.value, mark.mask);
  if (operation === undefined) return option;
  const [value, mask] = operation;
  return { ...option, name: '--set-xmark', values: [`${hex(value)}/${hex(mask)}`] };
}

function xmarkOf(name: string, value: number, mask: number): readonly [number, number] | undefined {
  switch (name) {
    case '--set-xmark':
      return [value, mask];
    case '--set-mark':
      return [value, value | mask];
    case '--or-mark':
      return [value, value];
    case '--xor-mark':
      return [value, 0];
    case '--and-mark':
      return [0, ~value];
    default:
      return undefined;
  }
}

/** Reads `VALUE[/MASK]`, decimal or hexadecimal; without a mask all bits count. */
function parseMark(text: string): { readonly value: number; readonly mask: number } | undefined {
  const [value, mask = allBits, ...rest] = text.split('/').map(parseNumber);
  if (value === undefined || rest.length > 0 || !isWord(value) || !isWord(mask)) return undefined;
  return { value, mask };
}

function parseNumber(text: string): number {
  return /^(?:0x[0-9a-f]+|\d+)$/i.test(text) ? Number(text) : Number.NaN;
}

function isWord(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= allBits;
}

function hex(value: number): string {
  return `0x${(value >>> 0).toString(16)}`;
}
