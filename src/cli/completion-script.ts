import type { ToolOption, ToolSyntax } from './tool-syntax.ts';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** The completion script of a shell for tools, their options, and the flags of the daemon. Pure. */
export function completionScript(shell: Shell, tools: readonly ToolSyntax[], daemonFlags: readonly string[]): string {
  switch (shell) {
    case 'bash':
      return bashScript(tools, daemonFlags);
    case 'zsh':
      return `#compdef ipvs-proxier\nautoload -U +X bashcompinit && bashcompinit\n${bashScript(tools, daemonFlags)}`;
    case 'fish':
      return fishScript(tools, daemonFlags);
  }
}

function bashScript(tools: readonly ToolSyntax[], daemonFlags: readonly string[]): string {
  const names = [...tools.map(({ name }) => name), 'cleanup', 'completion', 'help'].join(' ');
  const cases = tools.map(({ name, options }) => `    ${name}) words="${wordsOf(options)} $flags" ;;`);
  return `${[
    '# ipvs-proxier: source <(ipvs-proxier completion bash)',
    '_ipvs_proxier() {',
    '  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} words',
    `  local flags="${daemonFlags.map((name) => `--${name}`).join(' ')}"`,
    '  COMPREPLY=()',
    '  if [ "$COMP_CWORD" -eq 1 ]; then',
    `    [[ $current == -* ]] && words=$flags || words="${names}"`,
    '    COMPREPLY=($(compgen -W "$words" -- "$current"))',
    '    return',
    '  fi',
    '  case $previous in',
    ...choiceCases(tools),
    '    -f | --file | --config | --kubeconfig | --proxier-config | --manifests)',
    '      COMPREPLY=($(compgen -f -- "$current")); return ;;',
    '  esac',
    '  case ${COMP_WORDS[1]} in',
    ...cases,
    `    completion) words="${shells.join(' ')}" ;;`,
    `    help) words="${tools.map(({ name }) => name).join(' ')}" ;;`,
    '    *) words=$flags ;;',
    '  esac',
    '  COMPREPLY=($(compgen -W "$words" -- "$current"))',
    '}',
    'complete -o default -F _ipvs_proxier ipvs-proxier',
  ].join('\n')}\n`;
}

/** Values of options that take one of a few; the same for every tool that has the option. */
function choiceCases(tools: readonly ToolSyntax[]): readonly string[] {
  const options = tools.flatMap((tool) => tool.options).filter(({ choices }) => choices !== undefined);
  const byName = new Map(options.map((option) => [option.name, option]));
  return [...byName.values()].map(({ name, short, choices = [] }) => {
    const pattern = short === undefined ? `--${name}` : `-${short} | --${name}`;
    return `    ${pattern}) COMPREPLY=($(compgen -W "${choices.join(' ')}" -- "$current")); return ;;`;
  });
}

function wordsOf(options: readonly ToolOption[]): string {
  return [...options.map(({ name }) => `--${name}`), '--help'].join(' ');
}

function fishScript(tools: readonly ToolSyntax[], daemonFlags: readonly string[]): string {
  const start = '__fish_use_subcommand';
  return `${[
    '# ipvs-proxier: ipvs-proxier completion fish | source',
    ...tools.map(({ name, summary }) => `complete -c ipvs-proxier -n ${start} -f -a ${name} -d ${quoted(summary)}`),
    `complete -c ipvs-proxier -n ${start} -f -a "cleanup completion help"`,
    ...daemonFlags.map((name) => `complete -c ipvs-proxier -l ${name} -r`),
    ...tools.flatMap(({ name, options }) => options.map((option) => fishOption(name, option))),
    `complete -c ipvs-proxier -n "__fish_seen_subcommand_from completion" -f -a "${shells.join(' ')}"`,
  ].join('\n')}\n`;
}

function fishOption(tool: string, { name, short, value, choices, help }: ToolOption): string {
  const words = [`complete -c ipvs-proxier -n "__fish_seen_subcommand_from ${tool}" -l ${name}`];
  if (short !== undefined) words.push(`-s ${short}`);
  if (choices !== undefined) words.push(`-x -a "${choices.join(' ')}"`);
  else if (value !== undefined) words.push('-r');
  return [...words, `-d ${quoted(help)}`].join(' ');
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
