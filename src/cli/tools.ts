import type { ToolSyntax } from './tool-syntax.ts';

/** The tools, in the order in which they are listed. */
export const tools: readonly ToolSyntax[] = [];

/** The tool of this name. */
export function toolNamed(name: string): ToolSyntax | undefined {
  return tools.find((tool) => tool.name === name);
}
