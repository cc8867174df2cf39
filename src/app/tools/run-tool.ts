import { completionScript, type Shell, shells } from '../../cli/completion-script.ts';
import { toolHelp, toolsHelp } from '../../cli/tool-help.ts';
import { parseToolCommandLine, type ToolCommandLine, type ToolSyntax, ToolUsageError } from '../../cli/tool-syntax.ts';
import { flagTable } from '../../config/flag-table.ts';
import { flagTypes } from '../../config/flag-types.ts';
import { ConfigError, UsageError } from '../../config/errors.ts';
import type { ToolWorld } from './tool-world.ts';

/** Carries out a tool; the exit code. May throw: what it says ends up on standard error, in one line. */
export type ToolRun = (commandLine: ToolCommandLine, world: ToolWorld) => Promise<number>;

/** Exit code of every tool for what it could not find out, and for command lines that it cannot read. */
const failed = 2;

/** Carries out the tool that the first word names; the exit code. */
export async function runTool(
  argv: readonly string[],
  world: ToolWorld,
  runs: Readonly<Record<string, ToolRun>>,
  tools: readonly ToolSyntax[],
): Promise<number> {
  const [name = 'help', ...rest] = argv;
  try {
    if (name === 'help') return help(rest, world, tools);
    if (name === 'completion') return completion(rest, world, tools);
    const syntax = tools.find((tool) => tool.name === name);
    const run = runs[name];
    if (syntax === undefined || run === undefined) throw new ToolUsageError(`unknown tool ${JSON.stringify(name)}`);
    const commandLine = parseToolCommandLine(syntax, rest, daemonFlagTakesValue);
    if (commandLine.help) return printed(toolHelp(syntax, world.terminal), world);
    return await run(commandLine, world);
  } catch (error) {
    world.writeError(failureText(name, error));
    return failed;
  }
}

function help([name]: readonly string[], world: ToolWorld, tools: readonly ToolSyntax[]): number {
  if (name === undefined || name.startsWith('-')) return printed(toolsHelp(tools, world.terminal), world);
  const syntax = tools.find((tool) => tool.name === name);
  if (syntax === undefined) throw new ToolUsageError(`unknown tool ${JSON.stringify(name)}`);
  return printed(toolHelp(syntax, world.terminal), world);
}

function completion([shell]: readonly string[], world: ToolWorld, tools: readonly ToolSyntax[]): number {
  if (!isShell(shell)) throw new ToolUsageError(`completion is for ${shells.join(', ')}: name one of them`);
  const flags = flagTable.map((flag) => flag.name);
  return printed(completionScript(shell, tools, flags), world);
}

function isShell(word: string | undefined): word is Shell {
  return shells.some((shell) => shell === word);
}

function printed(text: string, world: ToolWorld): number {
  world.write(text);
  return 0;
}

function daemonFlagTakesValue(written: string): boolean | undefined {
  const name = written.replaceAll('_', '-');
  const flag = flagTable.find((each) => each.name === name || each.short === name);
  return flag === undefined ? undefined : !('withoutValue' in flagTypes[flag.type]);
}

/** One line; how to go on where the command line is at fault. */
function failureText(tool: string, error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const isUsage = error instanceof ToolUsageError || error instanceof UsageError;
  const topic = tool === 'completion' || tool === 'help' ? '' : ` ${tool}`;
  const hint = isUsage ? `; see ipvs-proxier help${topic}` : '';
  const what = error instanceof ConfigError ? 'configuration: ' : '';
  return `ipvs-proxier ${tool}: ${what}${message.split('\n').join('; ')}${hint}\n`;
}
