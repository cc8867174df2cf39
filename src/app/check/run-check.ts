import { checkFindings, checkJson, checkText, hasErrors } from '../../cli/check/print-check.ts';
import type { CheckFacts } from '../../cli/check/check-facts.ts';
import type { ToolCommandLine } from '../../cli/tool-syntax.ts';
import { systemSources, type ToolSources } from '../tools/plan-from.ts';
import type { ToolWorld } from '../tools/tool-world.ts';
import { gatherCheckFacts } from './gather-check-facts.ts';

/** Carries out `ipvs-proxier check`; the exit code. */
export async function runCheck(
  commandLine: ToolCommandLine,
  world: ToolWorld,
  sources: Pick<ToolSources, 'settings'> = systemSources,
  gather: typeof gatherCheckFacts = gatherCheckFacts,
): Promise<number> {
  const tool = sources.settings(commandLine, world);
  const facts: CheckFacts = await gather(tool);
  const findings = checkFindings(facts);
  const isJson = commandLine.options.get('output')?.at(-1) === 'json';
  world.write(isJson ? checkJson(tool.nodeName, findings, facts) : checkText(tool.nodeName, findings, world.terminal));
  return hasErrors(findings) ? 1 : 0;
}
