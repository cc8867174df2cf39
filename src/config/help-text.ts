import { type Flag, flagTable } from './flag-table.ts';
import { flagTypes } from './flag-types.ts';

const width = 100;
const indent = ' '.repeat(16);

/** What `--help` prints, and what precedes the error of a wrong command line. */
export function helpText(): string {
  const flags = flagTable.toSorted((one, other) => (one.name < other.name ? -1 : 1));
  return `${[
    'Makes Kubernetes Services work through Linux IPVS: a drop-in successor to kube-proxy in mode ipvs.',
    '',
    'Usage:',
    '  ipvs-proxier [flags]',
    '  ipvs-proxier help        tools that show and explain, and change nothing',
    '',
    'Flags:',
    ...flags.flatMap(flagLines),
    '  -h, --help',
    ...wrapped('Print this text.'),
  ].join('\n')}\n`;
}

function flagLines(flag: Flag): string[] {
  const names = flag.short === undefined ? `      --${flag.name}` : `  -${flag.short}, --${flag.name}`;
  return [`${names} ${flagTypes[flag.type].word}`.trimEnd(), ...wrapped(explanation(flag))];
}

function explanation(flag: Flag): string {
  const isDefaultShown = flag.default !== '' && !(flag.type === 'bool' && flag.default === 'false');
  const deprecated = flag.deprecated === undefined ? '' : `Deprecated: ${flag.deprecated}. `;
  const withFile = flag.withConfigFile === 'ignored' ? ' Ignored with --config.' : '';
  return `${deprecated}${flag.help}${withFile}${isDefaultShown ? ` (default ${flag.default})` : ''}`;
}

function wrapped(text: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + word.length + 1 > width - indent.length) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].map((each) => indent + each);
}
