import { describe, expect, it } from '@jest/globals';
import { planSyntax } from '../../../src/cli/plan/plan-syntax.ts';
import { parseToolCommandLine, ToolUsageError } from '../../../src/cli/tool-syntax.ts';

const flags: Readonly<Record<string, boolean>> = { kubeconfig: true, v: true, 'masquerade-all': false };
const parse = (line: string) =>
  parseToolCommandLine(planSyntax, line === '' ? [] : line.split(' '), (name) => flags[name]);

describe('the command line of a tool', () => {
  it.each([
    ['-f a.yaml --file=b.yaml -fc', { file: ['a.yaml', 'b.yaml', 'c'] }],
    ['-o json', { output: ['json'] }],
    ['-o=text', { output: ['text'] }],
    ['-f -', { file: ['-'] }],
    ['--offline --operations', { offline: [''], operations: [''] }],
    ['', {}],
  ])('%j has the options %j', (line, options) => {
    expect(Object.fromEntries(parse(line).options)).toEqual(options);
  });

  it('hands flags of the daemon on with their values', () => {
    const { daemonFlags, options } = parse('--kubeconfig /a -v2 --masquerade-all -o json --kubeconfig=/b -v 3');
    expect(daemonFlags).toEqual(['--kubeconfig', '/a', '-v2', '--masquerade-all', '--kubeconfig=/b', '-v', '3']);
    expect([...options.keys()]).toEqual(['output']);
  });

  it.each([
    ['--nonsense=1', 'unknown option --nonsense'],
    ['-x', 'unknown option -x'],
    ['-o yaml', 'option --output takes text, json, not "yaml"'],
    ['--file', 'option --file needs a value: FILE'],
    ['--kubeconfig', 'option --kubeconfig needs a value'],
    ['--offline=yes', 'option --offline does not take a value'],
    ['-f a --kubeconfig /k', '--file and --kubeconfig do not go together: both say where objects come from'],
    ['--kubeconfig=/k --file a', '--file and --kubeconfig do not go together: both say where objects come from'],
    ['--operations -o json', '--operations and --output do not go together: there is one line for each operation'],
    ['something', 'unexpected argument "something"'],
    ['-- -o', 'unexpected argument "-o"'],
  ])('%j is refused: %s', (line, message) => {
    expect(() => parse(line)).toThrow(new ToolUsageError(message));
  });

  it('asks for help whatever else is given', () => {
    expect(parse('something -h').help).toBe(true);
    expect(parse('-o json').help).toBe(false);
  });
});
