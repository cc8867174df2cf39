import { type RuleOption, canonicalOption } from './canonical-option.ts';
import { type Token, quote, tokenize } from './tokenize.ts';

/** What a rule does, apart from how it is written. */
interface RuleParts {
  /** Source, destination, interfaces and protocol: before any match, in fixed order. */
  readonly general: RuleOption[];
  readonly matches: Extension[];
  /** `-j ACCEPT`, `-g CHAIN`; undefined for a rule that only counts. */
  target: (Extension & { readonly flag: '-j' | '-g' }) | undefined;
}

interface Extension {
  readonly name: string;
  readonly options: RuleOption[];
}

/** General options in their canonical order, with every way to write them. */
const generalOptions = new Map([
  ['-s', '-s'],
  ['--source', '-s'],
  ['--src', '-s'],
  ['-d', '-d'],
  ['--destination', '-d'],
  ['--dst', '-d'],
  ['-i', '-i'],
  ['--in-interface', '-i'],
  ['-o', '-o'],
  ['--out-interface', '-o'],
  ['-p', '-p'],
  ['--protocol', '-p'],
  ['-f', '-f'],
]);
const generalOrder = [...new Set(generalOptions.values())];

const matchFlags = new Set(['-m', '--match']);
const targetFlags = new Map<string, '-j' | '-g'>([
  ['-j', '-j'],
  ['--jump', '-j'],
  ['-g', '-g'],
  ['--goto', '-g'],
]);

/**
 * A rule in canonical form, without its `-A CHAIN`. Two rules with one canonical form do the same: what we write and
 * what the kernel prints of it (source in front, marks as `--set-xmark`, numeric protocols, defaults spelled out)
 * come out equal, as do matches in another order. The result is a rule itself and its own canonical form. Pure.
 */
export function normalizeRule(rule: string): string {
  return render(parse(tokenize(rule)));
}

/** The chain or target that a rule sends packets to; undefined when it only counts. */
export function targetOf(rule: string): string | undefined {
  return parse(tokenize(rule)).target?.name;
}

function parse(tokens: readonly Token[]): RuleParts {
  const parts: RuleParts = { general: [], matches: [], target: undefined };
  let negated = false;
  for (let index = 0; index < tokens.length; ) {
    const token = tokens[index] as Token;
    const values = valuesAfter(tokens, index);
    index += 1 + values.length;
    if (isNegation(token)) negated = true;
    else {
      addOption(parts, token.text, values, negated);
      negated = false;
    }
  }
  return parts;
}

/** Words up to the next option. A comment is one word, whatever it looks like. */
function valuesAfter(tokens: readonly Token[], index: number): readonly string[] {
  if (isNegation(tokens[index] as Token)) return [];
  const rest = tokens.slice(index + 1);
  const isComment = tokens[index]?.text === '--comment';
  const end = isComment ? 1 : rest.findIndex((token) => isNegation(token) || isOption(token));
  return rest.slice(0, end < 0 ? rest.length : end).map((token) => token.text);
}

function isNegation(token: Token): boolean {
  return !token.quoted && token.text === '!';
}

function isOption(token: Token): boolean {
  return !token.quoted && token.text.startsWith('-');
}

function addOption(parts: RuleParts, name: string, values: readonly string[], negated: boolean): void {
  const general = generalOptions.get(name);
  const target = targetFlags.get(name);
  if (general !== undefined) parts.general.push({ name: general, values, negated });
  else if (matchFlags.has(name)) parts.matches.push({ name: values[0] ?? '', options: [] });
  else if (target !== undefined) parts.target = { flag: target, name: values[0] ?? '', options: [] };
  else {
    const owner = parts.target ?? parts.matches.at(-1);
    (owner?.options ?? parts.general).push({ name, values, negated });
  }
}

function render(parts: RuleParts): string {
  const general = parts.general.map((option) => canonicalOption('', option));
  const words = general
    .filter((option) => option !== undefined)
    .sort((a, b) => generalOrder.indexOf(a.name) - generalOrder.indexOf(b.name))
    .map(renderOption);
  const matches = parts.matches.map((match) => `-m ${quote(match.name)}${renderOptions(match)}`).sort();
  const { target } = parts;
  const jump = target === undefined ? [] : [`${target.flag} ${quote(target.name)}${renderOptions(target)}`];
  return [...words, ...matches, ...jump].join(' ');
}

function renderOptions(extension: Extension): string {
  const options = extension.options.map((option) => canonicalOption(extension.name, option));
  const words = options.filter((option) => option !== undefined).map(renderOption);
  return words
    .sort()
    .map((word) => ` ${word}`)
    .join('');
}

function renderOption({ name, values, negated }: RuleOption): string {
  return `${negated ? '! ' : ''}${[name, ...values.map(quote)].join(' ')}`;
}
