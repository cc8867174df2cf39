import type { Protocol } from '../../model/service-key.ts';
import type { VirtualServerIdentity } from '../../model/virtual-server.ts';
import { combinationRefusal } from './check-combination.ts';
import { isIntegerWithin, valueRefusal } from './check-value.ts';
import type { CommandName, OptionName } from './options.ts';
import { type FoundWord, readWords } from './read-words.ts';
import { type AddressBook, readServiceAddress } from './service-address.ts';

/** What a command line asks for. */
export type Invocation =
  | { readonly kind: 'list'; readonly options: ReadonlySet<OptionName>; readonly selected?: VirtualServerIdentity }
  | { readonly kind: 'save'; readonly options: ReadonlySet<OptionName> }
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  /** A command that would change the table. */
  | { readonly kind: 'change'; readonly command: CommandName }
  /** A command line that ipvsadm refuses; `message` is all that goes to standard error. */
  | { readonly kind: 'refused'; readonly message: string; readonly exitCode: number }
  /** This host must be looked up; then the command line is to be parsed again. */
  | { readonly kind: 'lookUp'; readonly host: string };

/** Exit codes of ipvsadm 1.31 for command lines that it does not understand, and for those it does not accept. */
export const exitCodes = { notUnderstood: 255, notAccepted: 2 } as const;

/** Reads a command line as ipvsadm 1.31 does. `program` is named in hints. Without any word it lists. */
export function parseCommandLine(argv: readonly string[], program: string, names: AddressBook): Invocation {
  if (argv.length === 0) return { kind: 'list', options: new Set() };
  const found = [...readWords(argv)];
  const first = found.find((word) => word.kind !== 'argument');
  if (first?.kind !== 'option' || first.syntax.meaning.kind !== 'command') return usage(program);
  const { command } = first.syntax.meaning;
  if (command === 'help' || command === 'version') return { kind: command };
  if (command !== 'list' && command !== 'save') return { kind: 'change', command };
  return new OptionReader(command, names).read(found.filter((word) => word !== first));
}

function usage(program: string): Invocation {
  const message = `Try \`${program} -h' or '${program} --help' for more information.\n`;
  return { kind: 'refused', message, exitCode: exitCodes.notUnderstood };
}

function refuse(message: string, exitCode: number = exitCodes.notAccepted): Invocation {
  return { kind: 'refused', message: `${message}\n`, exitCode };
}

const protocols: Readonly<Record<string, Protocol>> = {
  'tcp-service': 'TCP',
  'udp-service': 'UDP',
  'sctp-service': 'SCTP',
};

type FoundOption = Extract<FoundWord, { readonly kind: 'option' }>;

class OptionReader {
  readonly #command: 'list' | 'save';
  readonly #names: AddressBook;
  readonly #options = new Set<OptionName>();
  #selected: VirtualServerIdentity | undefined;
  #scheduler = '';

  constructor(command: 'list' | 'save', names: AddressBook) {
    this.#command = command;
    this.#names = names;
  }

  read(found: readonly FoundWord[]): Invocation {
    let unexpected: string | undefined;
    for (const word of found) {
      if (word.kind === 'error') return refuse(`${word.word}: ${word.message}`, exitCodes.notUnderstood);
      if (word.kind === 'argument') unexpected ??= word.word;
      const refused = word.kind === 'option' ? this.#take(word) : undefined;
      if (refused !== undefined) return refused;
    }
    if (unexpected !== undefined) return refuse(`unexpected argument ${unexpected}`);
    return this.#invocation();
  }

  #invocation(): Invocation {
    const refusal = combinationRefusal(this.#command, this.#options);
    if (refusal !== undefined) return refuse(refusal);
    if (this.#command === 'save') return { kind: 'save', options: this.#options };
    const selected = this.#selected === undefined ? {} : { selected: this.#selected };
    return { kind: 'list', options: this.#options, ...selected };
  }

  #take(found: FoundOption): Invocation | undefined {
    const { meaning } = found.syntax;
    switch (meaning.kind) {
      case 'command':
        return refuse(`invalid option \`${found.word}'`);
      case 'ipv6':
        return this.#takeIpv6();
      case 'sort':
        return undefined;
      case 'option':
        return this.#takeOption(meaning.option, found);
    }
  }

  #takeIpv6(): Invocation | undefined {
    if (this.#selected?.kind !== 'firewallMark') return refuse('-6 used before -f\n');
    this.#selected = { ...this.#selected, family: 'IPv6' };
    return undefined;
  }

  #takeOption(option: OptionName, { syntax, value }: FoundOption): Invocation | undefined {
    if (this.#options.has(option)) return refuse(`multiple '${option}' options specified`);
    this.#options.add(option);
    if (value === undefined) return undefined;
    if (syntax.long === 'fwmark-service') return this.#takeFirewallMark(value);
    if (option === 'service-address') return this.#takeEndpoint(value, protocols[syntax.long] ?? 'TCP');
    if (option === 'real-server') return this.#checkRealServer(value);
    if (option === 'netmask') return this.#checkNetmask(value);
    if (option === 'scheduler') this.#scheduler = value;
    const refusal = valueRefusal(option, value, this.#scheduler);
    return refusal === undefined ? undefined : refuse(refusal);
  }

  #takeFirewallMark(value: string): Invocation | undefined {
    if (!isIntegerWithin(value, 1, 0xffff_ffff)) return refuse(`invalid fwmark value \`${value}' specified`);
    this.#selected = { kind: 'firewallMark', firewallMark: Number(value), family: 'IPv4' };
    return undefined;
  }

  #takeEndpoint(value: string, protocol: Protocol): Invocation | undefined {
    const read = readServiceAddress(value, protocol, this.#names);
    if (read.kind === 'unknownHost') return { kind: 'lookUp', host: read.host };
    if (read.kind === 'illegal') return refuse('illegal virtual server address[:port] specified');
    this.#selected = { kind: 'address', protocol, address: read.address, port: read.port };
    return undefined;
  }

  #checkRealServer(value: string): Invocation | undefined {
    const protocol = this.#selected?.kind === 'address' ? this.#selected.protocol : 'TCP';
    const read = readServiceAddress(value, protocol, this.#names);
    if (read.kind === 'unknownHost') return { kind: 'lookUp', host: read.host };
    return read.kind === 'illegal' ? refuse('illegal real server address[:port] specified') : undefined;
  }

  /** A prefix length for IPv6, else a mask in any form that an IPv4 address may have. */
  #checkNetmask(value: string): Invocation | undefined {
    const selected = this.#selected;
    if (selected?.kind === 'address' && selected.address.includes(':')) {
      return isIntegerWithin(value, 1, 128) ? undefined : refuse('illegal ipv6 netmask specified');
    }
    const read = readServiceAddress(value, 'TCP', { ...this.#names, hostAddress: () => undefined });
    return read.kind === 'endpoint' ? undefined : refuse('illegal virtual server persistent mask specified');
  }
}
