/** One word of a rule. `quoted` tells that it is a value even where it begins like an option. */
export interface Token {
  readonly text: string;
  readonly quoted: boolean;
}

/**
 * Splits a rule into words as iptables-restore does: at blanks outside double quotes; within them a backslash takes
 * the next character as it is. A quote that is never closed ends with the text.
 */
export function tokenize(rule: string): readonly Token[] {
  const tokens: Token[] = [];
  const pattern = /"((?:\\.|[^"\\])*)(?:"|\\?$)|\S+/gs;
  for (const match of rule.matchAll(pattern)) {
    const inside = match[1];
    tokens.push(
      inside === undefined
        ? { text: match[0], quoted: false }
        : { text: inside.replaceAll(/\\(.)/gs, '$1'), quoted: true },
    );
  }
  return tokens;
}

/** Characters that iptables-save prints without quotes. */
const plainPattern = /^[A-Za-z0-9_.,:/+=%@-]+$/;

/** A word as it may stand in a rule: in double quotes where it has to be, or where it would read as an option. */
export function quote(word: string): string {
  const plain = plainPattern.test(word) && !word.startsWith('-');
  return plain ? word : `"${word.replaceAll(/["\\]/g, '\\$&')}"`;
}
