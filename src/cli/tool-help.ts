import type { ToolOption, ToolSyntax } from './tool-syntax.ts';
import { hangingLines, paint, type Terminal, wrapWords } from './terminal.ts';

/** The help of one tool. Pure. */
export function toolHelp(syntax: ToolSyntax, terminal: Terminal): string {
  const heading = (text: string) => paint(terminal, 'bold', text);
  const options = [...syntax.options, helpOption];
  const indent = terminal.width < 70 ? 8 : Math.min(28, Math.max(...options.map((each) => leadOf(each).length)) + 2);
  return joined([
    ...wrapWords(`${syntax.summary}.`, terminal.width),
    '',
    `${heading('Usage:')} ipvs-proxier ${syntax.name} ${syntax.usage}`,
    '',
    ...syntax.description.flatMap((text) => [...wrapWords(text, terminal.width), '']),
    heading('Examples:'),
    ...syntax.examples.flatMap(([command, meaning]) => [
      `  ipvs-proxier ${command}`,
      ...hangingLines('', meaning, 6, terminal.width).filter((line) => line.trim() !== ''),
    ]),
    '',
    heading('Options:'),
    ...options.flatMap((option) => hangingLines(leadOf(option), option.help, indent, terminal.width)),
    ...hangingLines('  FLAGS', daemonFlagsHelp, indent, terminal.width),
    '',
    heading('Exit codes:'),
    ...syntax.exitCodes.flatMap(([code, meaning]) => hangingLines(`  ${code}`, meaning, 6, terminal.width)),
  ]);
}

/** What `ipvs-proxier help` prints. Pure. */
export function toolsHelp(tools: readonly ToolSyntax[], terminal: Terminal): string {
  const heading = (text: string) => paint(terminal, 'bold', text);
  return joined([
    'Kubernetes Services through Linux IPVS.',
    '',
    heading('Usage:'),
    '  ipvs-proxier [FLAGS]              the daemon; its flags: ipvs-proxier --help',
    '  ipvs-proxier TOOL [OPTIONS]       a tool, which changes nothing',
    '',
    heading('Tools:'),
    ...tools.flatMap(({ name, summary }) => hangingLines(`  ${name}`, summary, 14, terminal.width)),
    ...hangingLines('  cleanup', 'Removes everything that was programmed: the same as --cleanup', 14, terminal.width),
    ...hangingLines('  completion', 'Prints completions for bash, zsh or fish', 14, terminal.width),
    ...hangingLines('  help [TOOL]', 'Explains a tool, with examples', 14, terminal.width),
    '',
    ...(tools.some(({ name }) => name === 'explain') ? [heading(whenBroken), brokenRemedy, ''] : []),
    'The table of the kernel, with the options of ipvsadm: ipvs-status -Ln',
  ]);
}

const whenBroken = 'When a Service does not work, on the node that its client is on or comes through:';
const brokenRemedy = '  ipvs-proxier explain svc/NAMESPACE/NAME';
const helpOption: ToolOption = { name: 'help', short: 'h', help: 'Print this text.' };
const daemonFlagsHelp =
  'Flags of the daemon, such as --kubeconfig, --config or --cluster-cidr. Without them those of the ipvs-proxier that ' +
  'runs on this node are taken, where it can be seen.';

function leadOf({ name, short, value }: ToolOption): string {
  return `  ${short === undefined ? '    ' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`;
}

function joined(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`;
}
