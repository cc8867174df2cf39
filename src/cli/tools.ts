import { checkSyntax } from './check/check-syntax.ts';
import { diffSyntax } from './diff/diff-syntax.ts';
import { explainSyntax } from './explain/explain-syntax.ts';
import { planSyntax } from './plan/plan-syntax.ts';
import type { ToolSyntax } from './tool-syntax.ts';

/** The tools, in the order in which they are listed. */
export const tools: readonly ToolSyntax[] = [planSyntax, diffSyntax, explainSyntax, checkSyntax];
