import { UsageError } from './errors.ts';
import { type Flag, flagTable } from './flag-table.ts';
import { type FlagValue, flagTypes } from './flag-types.ts';

/** A command line as read: every flag has a value, and it is known which were given. */
export interface ParsedFlags {
  /** `--help` or `-h` was given; nothing after it was read. */
  readonly help: boolean;
  /** Values by flag name, defaults included. */
  readonly values: ReadonlyMap<string, FlagValue>;
  readonly given: ReadonlySet<string>;
}

/** What the value of each flag looks like in text, by flag name in alphabetical order: for the log and `/flagz`. */
export function printFlags(parsed: ParsedFlags): Readonly<Record<string, string>> {
  const sorted = flagTable.toSorted((one, other) => (one.name < other.name ? -1 : 1));
  const texts = sorted.map((flag) => [flag.name, printed(flag, parsed.values.get(flag.name) as FlagValue)]);
  return Object.fromEntries([...texts, ['help', String(parsed.help)]]);
}

/**
 * Reads a command line the way kube-proxy does: `--name=value`, `--name value`, switches without a value, `_` for
 * `-` in names, `-v2`, `-v 2`, `-v=2`; single-dash long names are refused. A repeated flag replaces or, for lists,
 * adds. Throws `UsageError`.
 */
export function parseFlags(argv: readonly string[]): ParsedFlags {
  const reader = new FlagReader(argv);
  while (reader.readOne());
  return reader.finish();
}

const byName = new Map(flagTable.map((flag) => [flag.name, flag]));
const byShort = new Map(flagTable.flatMap((flag) => (flag.short === undefined ? [] : [[flag.short, flag] as const])));

/** The flag's value when it is not given. */
function defaultOf(flag: Flag): FlagValue {
  return flagTypes[flag.type].parse(flag.default, undefined);
}

class FlagReader {
  readonly #rest: string[];
  readonly #values = new Map<string, FlagValue>();
  #help = false;

  constructor(argv: readonly string[]) {
    this.#rest = [...argv];
  }

  /** Consumes one argument with its value; false when there is nothing more to read. */
  readOne(): boolean {
    const argument = this.#rest.shift();
    if (argument === undefined || this.#help) return false;
    if (argument === '--') {
      for (const positional of this.#rest) refusePositional(positional);
      return false;
    }
    if (argument.startsWith('--')) this.#readLong(argument);
    else if (argument.startsWith('-') && argument.length > 1) this.#readShort(argument);
    else refusePositional(argument);
    return true;
  }

  finish(): ParsedFlags {
    const defaults = flagTable.map((flag) => [flag.name, defaultOf(flag)] as const);
    return {
      help: this.#help,
      values: new Map([...defaults, ...this.#values]),
      given: new Set(this.#values.keys()),
    };
  }

  #readLong(argument: string): void {
    const equals = argument.indexOf('=');
    const written = equals < 0 ? argument.slice(2) : argument.slice(2, equals);
    if (written === '' || written.startsWith('-')) throw new UsageError(argument, `bad flag syntax: ${argument}`);
    const name = written.replaceAll('_', '-');
    const flag = byName.get(name);
    if (flag === undefined && name === 'help') {
      this.#help = true;
      return;
    }
    if (flag === undefined) throw new UsageError(argument, `unknown flag: --${written}`);
    const value = equals < 0 ? this.#valueOf(flag, `--${name}`) : argument.slice(equals + 1);
    this.#set(flag, value);
  }

  /** A group such as `-v2`; the only single letters are `v`, which takes a value, and `h`. */
  #readShort(argument: string): void {
    const letter = argument[1] as string;
    const flag = byShort.get(letter);
    if (flag === undefined && letter === 'h') {
      this.#help = true;
      return;
    }
    if (flag === undefined) {
      const hint = byName.has(argument.slice(1).split('=')[0] as string)
        ? `, long names take two dashes: -${argument}`
        : '';
      throw new UsageError(argument, `unknown shorthand flag: '${letter}' in ${argument}${hint}`);
    }
    const attached = argument.slice(2).replace(/^=/, '');
    this.#set(flag, argument.length === 2 ? this.#valueOf(flag, `'${letter}' in ${argument}`) : attached);
  }

  #valueOf(flag: Flag, shown: string): string {
    const type = flagTypes[flag.type];
    if ('withoutValue' in type) return type.withoutValue;
    const next = this.#rest.shift();
    if (next === undefined) throw new UsageError(`--${flag.name}`, `flag needs an argument: ${shown}`);
    return next;
  }

  #set(flag: Flag, text: string): void {
    try {
      this.#values.set(flag.name, flagTypes[flag.type].parse(text, this.#values.get(flag.name)));
    } catch (cause) {
      const shown = flag.short === undefined ? `--${flag.name}` : `-${flag.short}, --${flag.name}`;
      const reason = (cause as Error).message;
      throw new UsageError(`--${flag.name}`, `invalid argument ${JSON.stringify(text)} for "${shown}" flag: ${reason}`);
    }
  }
}

function refusePositional(argument: string): void {
  if (argument === '') return;
  throw new UsageError(argument, `ipvs-proxier does not take any arguments, got ${JSON.stringify(argument)}`);
}

function printed(flag: Flag, value: FlagValue): string {
  return flagTypes[flag.type].print(value);
}
