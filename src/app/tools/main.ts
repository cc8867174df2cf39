import type { ToolCommandLine } from '../../cli/tool-syntax.ts';
import { tools } from '../../cli/tools.ts';
import { runTool, type ToolRun } from './run-tool.ts';
import { type ToolWorld, toolWorld } from './tool-world.ts';

/** Each is loaded when it is asked for. */
const runs: Readonly<Record<string, ToolRun>> = {
  check: async (...given) => (await import('../check/run-check.ts')).runCheck(...taken(given)),
  diff: async (...given) => (await import('../diff/run-diff.ts')).runDiff(...taken(given)),
  explain: async (...given) => (await import('../explain/run-explain.ts')).runExplain(...taken(given)),
  plan: async (...given) => (await import('../plan/run-plan.ts')).runPlan(...taken(given)),
};

/** Whatever else a tool takes is for tests. */
function taken([commandLine, world]: readonly [ToolCommandLine, ToolWorld]): [ToolCommandLine, ToolWorld] {
  return [commandLine, world];
}

void runTool(process.argv.slice(2), toolWorld(), runs, tools).then((exitCode) => process.exit(exitCode));
