import { ScenarioError } from './scenario-error.ts';

/** Words of a line: bare ones, and those of the form `key=value`. */
export class Words {
  readonly bare: readonly string[];
  readonly #file: string;
  readonly #line: number;
  readonly #values = new Map<string, string>();
  readonly #unread: Set<string>;

  constructor(file: string, line: number, text: string) {
    this.#file = file;
    this.#line = line;
    const bare: string[] = [];
    for (const word of text.split(/\s+/).filter((part) => part !== '')) {
      const equals = word.indexOf('=');
      if (equals < 0) bare.push(word);
      else this.#add(word.slice(0, equals), word.slice(equals + 1));
    }
    this.bare = bare;
    this.#unread = new Set(this.#values.keys());
  }

  /** Value of a key; undefined when it is not there. */
  value(key: string): string | undefined {
    this.#unread.delete(key);
    return this.#values.get(key);
  }

  /** Parts of a value between commas; undefined when it is not there, empty for an empty value. */
  list(key: string): readonly string[] | undefined {
    const value = this.value(key);
    if (value === undefined) return undefined;
    return value === '' ? [] : value.split(',');
  }

  /** A number; undefined when it is not there. */
  number(key: string): number | undefined {
    const value = this.value(key);
    if (value === undefined) return undefined;
    if (!/^-?\d+$/.test(value)) this.fail(`${key} must be a number, not "${value}"`);
    return Number(value);
  }

  /** Fails when there was a key that nobody asked for. */
  end(): void {
    const [unknown] = this.#unread;
    if (unknown !== undefined) this.fail(`unknown word "${unknown}="`);
  }

  fail(problem: string): never {
    throw new ScenarioError(this.#file, this.#line, problem);
  }

  #add(key: string, value: string): void {
    if (this.#values.has(key)) throw new ScenarioError(this.#file, this.#line, `"${key}=" is there twice`);
    this.#values.set(key, value);
  }
}
