import type { ToolCommandLine } from '../../cli/tool-syntax.ts';
import { tools } from '../../cli/tools.ts';
import { runCheck } from '../check/run-check.ts';
import { runDiff } from '../diff/run-diff.ts';
import { runExplain } from '../explain/run-explain.ts';
import { runPlan } from '../plan/run-plan.ts';
import { runTool } from './run-tool.ts';
import { type ToolWorld, toolWorld } from './tool-world.ts';

const runs = {
  check: (commandLine: ToolCommandLine, world: ToolWorld) => runCheck(commandLine, world),
  diff: (commandLine: ToolCommandLine, world: ToolWorld) => runDiff(commandLine, world),
  explain: (commandLine: ToolCommandLine, world: ToolWorld) => runExplain(commandLine, world),
  plan: (commandLine: ToolCommandLine, world: ToolWorld) => runPlan(commandLine, world),
};

void runTool(process.argv.slice(2), toolWorld(), runs, tools).then((exitCode) => process.exit(exitCode));
