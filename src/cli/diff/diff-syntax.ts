import { fileContradictions, fileOption, nodeOption, outputOption } from '../shared-options.ts';
import type { ToolSyntax } from '../tool-syntax.ts';

/** Help, options and arguments of `ipvs-proxier diff`. */
export const diffSyntax: ToolSyntax = {
  name: 'diff',
  summary: 'Compares what Services want with the kernel, kind by kind, and says whose what else is there is',
  usage: '[-f FILE] [--node NAME] [-o text|json]',
  description: [
    'Lists what is missing, what differs, and what is ours and not wanted. What belongs to others, what kube-proxy left ' +
      'behind and what drains is listed too, and is no difference.',
  ],
  options: [
    fileOption,
    nodeOption,
    { name: 'all', short: 'a', help: 'List what belongs to others item by item.' },
    outputOption,
  ],
  contradictions: fileContradictions,
  mostArguments: 0,
  examples: [
    ['diff', 'Whether this node is as it should be.'],
    ['diff -o json | jq .differences', 'The same for programs.'],
    ['diff -f objects.yaml', 'Whether it is as a file says.'],
  ],
  exitCodes: [
    [0, 'the kernel is as wanted'],
    [1, 'it differs'],
    [2, 'it could not be found out'],
  ],
};
