/** An option of a tool. */
export interface ToolOption {
  readonly name: string;
  /** One letter. */
  readonly short?: string;
  /** Name of its value in the help; absent for a switch. */
  readonly value?: string;
  /** The only values that it takes. */
  readonly choices?: readonly string[];
  readonly help: string;
}

/** What the help, the completion and the parser know of a tool. */
export interface ToolSyntax {
  readonly name: string;
  /** In one line. */
  readonly summary: string;
  /** What follows the name in the usage line. */
  readonly usage: string;
  readonly description: readonly string[];
  readonly options: readonly ToolOption[];
  /** Most arguments that are no options. */
  readonly mostArguments: number;
  /** Options and flags of the daemon that do not go together, with the reason in words. */
  readonly contradictions?: readonly (readonly [one: string, other: string, why: string])[];
  readonly examples: readonly (readonly [command: string, meaning: string])[];
  readonly exitCodes: readonly (readonly [code: number, meaning: string])[];
}

/** A command line of a tool as read. */
export interface ToolCommandLine {
  readonly help: boolean;
  /** Values by the name of the option; a switch that is given has one empty value. */
  readonly options: ReadonlyMap<string, readonly string[]>;
  readonly arguments: readonly string[];
  /** Flags of the daemon, as they were written. */
  readonly daemonFlags: readonly string[];
}

/** A command line that a tool cannot read. */
export class ToolUsageError extends Error {
  readonly code = 'TOOL_USAGE';
}

/** Whether a flag of the daemon takes the word after it; undefined for one that there is not. */
export type DaemonFlagTakesValue = (name: string) => boolean | undefined;

/**
 * Reads the words after the tool's name. What is no option of the tool has to be a flag of the daemon: those are handed
 * on, with their values, to be read as the daemon reads them. Throws `ToolUsageError`. Pure.
 */
export function parseToolCommandLine(
  syntax: ToolSyntax,
  argv: readonly string[],
  takesValue: DaemonFlagTakesValue,
): ToolCommandLine {
  const reader = new Reader(syntax, argv, takesValue);
  while (reader.readOne());
  return reader.finish();
}

class Reader {
  readonly #syntax: ToolSyntax;
  readonly #rest: string[];
  readonly #takesValue: DaemonFlagTakesValue;
  readonly #options = new Map<string, string[]>();
  readonly #arguments: string[] = [];
  readonly #daemonFlags: string[] = [];
  #help = false;

  constructor(syntax: ToolSyntax, argv: readonly string[], takesValue: DaemonFlagTakesValue) {
    this.#syntax = syntax;
    this.#rest = [...argv];
    this.#takesValue = takesValue;
  }

  readOne(): boolean {
    const word = this.#rest.shift();
    if (word === undefined) return false;
    if (word === '--') this.#arguments.push(...this.#rest.splice(0));
    else if (word === '--help' || word === '-h') this.#help = true;
    else if (word.startsWith('--')) this.#readLong(word);
    else if (word.startsWith('-') && word !== '-') this.#readShort(word);
    else this.#arguments.push(word);
    return true;
  }

  finish(): ToolCommandLine {
    if (!this.#help) this.#refuseContradictions();
    const extra = this.#arguments[this.#syntax.mostArguments];
    if (extra !== undefined && !this.#help) throw new ToolUsageError(`unexpected argument ${JSON.stringify(extra)}`);
    return {
      help: this.#help,
      options: this.#options,
      arguments: this.#arguments,
      daemonFlags: this.#daemonFlags,
    };
  }

  #refuseContradictions(): void {
    const flags = this.#daemonFlags.map((word) => word.replace(/^--([^=]*).*/s, '$1').replaceAll('_', '-'));
    const given = new Set([...this.#options.keys(), ...flags]);
    for (const [one, other, why] of this.#syntax.contradictions ?? []) {
      if (given.has(one) && given.has(other))
        throw new ToolUsageError(`--${one} and --${other} do not go together: ${why}`);
    }
  }

  #readLong(word: string): void {
    const equals = word.indexOf('=');
    const name = word.slice(2, equals < 0 ? undefined : equals);
    const attached = equals < 0 ? undefined : word.slice(equals + 1);
    const option = this.#syntax.options.find((each) => each.name === name);
    if (option === undefined) this.#handOn(word, name, attached);
    else this.#read(option, word, attached);
  }

  #readShort(word: string): void {
    const option = this.#syntax.options.find((each) => each.short === word[1]);
    if (option === undefined) {
      if (!word.startsWith('-v')) throw new ToolUsageError(`unknown option ${word}`);
      this.#handOn(word, 'v', word.length > 2 ? word.slice(2) : undefined);
      return;
    }
    this.#read(option, word.slice(0, 2), word.length > 2 ? word.slice(2).replace(/^=/, '') : undefined);
  }

  #read({ name, value, choices }: ToolOption, word: string, attached: string | undefined): void {
    if (value === undefined) {
      if (attached !== undefined) throw new ToolUsageError(`option ${word.split('=')[0]} does not take a value`);
      this.#options.set(name, ['']);
      return;
    }
    const given = attached ?? this.#rest.shift();
    if (given === undefined) throw new ToolUsageError(`option ${word} needs a value: ${value}`);
    if (choices !== undefined && !choices.includes(given)) {
      throw new ToolUsageError(`option --${name} takes ${choices.join(', ')}, not ${JSON.stringify(given)}`);
    }
    this.#options.set(name, [...(this.#options.get(name) ?? []), given]);
  }

  #handOn(word: string, name: string, attached: string | undefined): void {
    const takesValue = this.#takesValue(name);
    if (takesValue === undefined) throw new ToolUsageError(`unknown option ${word.split('=')[0]}`);
    this.#daemonFlags.push(word);
    if (!takesValue || attached !== undefined) return;
    const value = this.#rest.shift();
    if (value === undefined) throw new ToolUsageError(`option ${word} needs a value`);
    this.#daemonFlags.push(value);
  }
}
