export const completionShells = ['bash', 'zsh', 'fish'] as const;
export type CompletionShell = (typeof completionShells)[number];

/** An option as a shell completes it. */
export interface CompletedOption {
  /** Without dashes; a single letter is a short option. */
  readonly name: string;
  /** Its only values; absent for any value, or none. */
  readonly choices?: readonly string[];
}

/** The completion script of a shell for these options, for the program under both of its names. Pure. */
export function statusCompletion(shell: CompletionShell, options: readonly CompletedOption[]): string {
  switch (shell) {
    case 'bash':
      return bashScript(options);
    case 'zsh':
      return `#compdef ${programs}\nautoload -U +X bashcompinit && bashcompinit\n${bashScript(options)}`;
    case 'fish':
      return `${['# ipvs-status --completion fish | source', ...options.map(fishLine)].join('\n')}\n`;
  }
}

const programs = 'ipvs-status';

function bashScript(options: readonly CompletedOption[]): string {
  const chosen = options.filter(({ choices }) => choices !== undefined);
  return `${[
    '# ipvs-status: source <(ipvs-status --completion bash)',
    '_ipvs_status() {',
    '  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}',
    '  case $previous in',
    ...chosen.map(
      (option) =>
        `    ${written(option)}) COMPREPLY=($(compgen -W "${option.choices?.join(' ')}" -- "$current")); return ;;`,
    ),
    '    --socket) COMPREPLY=($(compgen -f -- "$current")); return ;;',
    '  esac',
    `  COMPREPLY=($(compgen -W "${options.map(written).join(' ')}" -- "$current"))`,
    '}',
    `complete -F _ipvs_status ${programs}`,
  ].join('\n')}\n`;
}

function fishLine(option: CompletedOption): string {
  const { name, choices } = option;
  const flag = name.length === 1 ? `-s ${name}` : `-l ${name}`;
  return `complete -c ${programs} ${flag}${choices === undefined ? '' : ` -x -a "${choices.join(' ')}"`}`;
}

function written({ name }: CompletedOption): string {
  return name.length === 1 ? `-${name}` : `--${name}`;
}

/** Options of ipvsadm that listing takes. */
export const listingOptions: readonly CompletedOption[] = (
  'L S n t u f 6 c list save numeric tcp-service udp-service sctp-service fwmark-service ipv6 connection timeout ' +
  'daemon stats rate thresholds persistent-conn tun-info exact nosort sort help version'
)
  .split(' ')
  .map((name) => ({ name }));
