import { type OptionSyntax, optionTable } from './options.ts';

/** One thing found on the command line. `word` is the word of the command line that was read last. */
export type FoundWord =
  | {
      readonly kind: 'option';
      readonly syntax: OptionSyntax;
      readonly value: string | undefined;
      readonly word: string;
    }
  | { readonly kind: 'argument'; readonly word: string }
  | { readonly kind: 'error'; readonly message: string; readonly word: string };

const byShort = new Map(optionTable.map((syntax) => [syntax.short, syntax]));
const byLong = new Map(optionTable.map((syntax) => [syntax.long, syntax]));

/**
 * Reads a command line the way the library popt does: short options may be clustered (`-Ln`), a value is the rest of
 * the cluster, what follows `=`, or the next word whatever it looks like; long names are not abbreviated; after `--`
 * everything is an argument. Ends after the first error.
 */
export function* readWords(argv: readonly string[]): Generator<FoundWord> {
  const words = new Words(argv);
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (word === '--') {
      yield* words.rest();
      return;
    }
    if (!word.startsWith('-') || word === '-') yield { kind: 'argument', word };
    else yield* word.startsWith('--') ? readLong(word, words) : readCluster(word, words);
  }
}

class Words {
  readonly #words: readonly string[];
  #next = 0;

  constructor(words: readonly string[]) {
    this.#words = words;
  }

  take(): string | undefined {
    return this.#words[this.#next++];
  }

  /** The next word unless it is an option. */
  takeValue(): string | undefined {
    return this.#words[this.#next]?.startsWith('-') === false ? this.take() : undefined;
  }

  *rest(): Generator<FoundWord> {
    for (let word = this.take(); word !== undefined; word = this.take()) yield { kind: 'argument', word };
  }
}

function* readLong(word: string, words: Words): Generator<FoundWord> {
  const equals = word.indexOf('=');
  const name = word.slice(2, equals < 0 ? undefined : equals);
  const syntax = name === '' ? undefined : byLong.get(name);
  if (syntax === undefined) yield { kind: 'error', message: 'unknown option', word };
  else yield readValue(syntax, word, equals < 0 ? '' : word.slice(equals), words);
}

function* readCluster(word: string, words: Words): Generator<FoundWord> {
  for (let index = 1; index < word.length; index++) {
    const syntax = byShort.get(word.charAt(index));
    if (syntax === undefined) {
      yield { kind: 'error', message: 'unknown option', word };
      return;
    }
    const rest = word.slice(index + 1);
    if (syntax.argument !== 'none' || rest.startsWith('=')) {
      yield readValue(syntax, word, rest, words);
      return;
    }
    yield { kind: 'option', syntax, value: undefined, word };
  }
}

/** `attached` is what follows the option in its word, with or without `=`. */
function readValue(syntax: OptionSyntax, word: string, attached: string, words: Words): FoundWord {
  if (syntax.argument === 'none') {
    if (attached === '') return { kind: 'option', syntax, value: undefined, word };
    return { kind: 'error', message: 'option does not take an argument', word };
  }
  if (attached !== '') return { kind: 'option', syntax, value: attached.replace(/^=/, ''), word };
  const value = syntax.argument === 'required' ? words.take() : words.takeValue();
  if (value === undefined && syntax.argument === 'required')
    return { kind: 'error', message: 'missing argument', word };
  return { kind: 'option', syntax, value, word: value ?? word };
}
