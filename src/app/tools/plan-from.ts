import type { ToolCommandLine } from '../../cli/tool-syntax.ts';
import { emptyNodeView, type NodeView, openNodeView } from './node-view.ts';
import { type PlannedNodeState, planNodeState } from './plan-node-state.ts';
import { type ReadObjects, readObjects } from './read-objects.ts';
import { type ToolSettings, toolSettings } from './tool-settings.ts';
import type { ToolWorld } from './tool-world.ts';

/** A node planned as the command line says. */
export interface PlannedTool {
  readonly tool: ToolSettings;
  readonly objects: ReadObjects;
  readonly view: NodeView;
  readonly planned: PlannedNodeState;
  /** What the plan is compared with, in words. */
  readonly comparedWith: string;
  readonly isKernelRead: boolean;
}

/** How the outside world is opened; handed in so that tests can own it. */
export interface ToolSources {
  readonly settings: typeof toolSettings;
  readonly openView: typeof openNodeView;
}

export const systemSources: ToolSources = { settings: toolSettings, openView: openNodeView };

/** Reads settings, objects and kernel as the command line says, plans, and closes the kernel again. */
export async function planFrom(
  commandLine: ToolCommandLine,
  world: ToolWorld,
  sources: ToolSources = systemSources,
): Promise<PlannedTool> {
  const { options } = commandLine;
  const tool = sources.settings(commandLine, world);
  const objects = await readObjects(tool, options.get('file'), world);
  const isKernelRead = tool.isThisNode && !options.has('offline');
  const { config } = tool.settings;
  const own = objects.tables.node(tool.nodeName);
  const view = isKernelRead
    ? await sources.openView(config.proxier.iptablesFlavour)
    : emptyNodeView(own?.addresses ?? []);
  try {
    const planned = await planNodeState({
      tables: objects.tables,
      config,
      nodeName: tool.nodeName,
      view,
      withSettings: isKernelRead,
    });
    return { tool, objects, view, planned, comparedWith: comparison(tool, isKernelRead), isKernelRead };
  } finally {
    view.close();
  }
}

function comparison({ isThisNode, nodeName }: ToolSettings, isKernelRead: boolean): string {
  if (isKernelRead) return 'the kernel of this node';
  if (isThisNode) return 'an empty node';
  return `an empty node, for this machine is not ${nodeName}`;
}
