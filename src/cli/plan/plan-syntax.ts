import { fileContradictions, fileOption, nodeOption, outputOption, serviceOption } from '../shared-options.ts';
import type { ToolSyntax } from '../tool-syntax.ts';

/** Help, options and arguments of `ipvs-proxier plan`. */
export const planSyntax: ToolSyntax = {
  name: 'plan',
  summary: 'Shows what Services want on this node, and what would be done in the kernel for it, without doing any',
  usage: '[-f FILE] [--node NAME] [-s NAMESPACE/NAME] [-o text|json]',
  description: [
    'The desired state is planned, and compared with the kernel, by the very code of the daemon; its writes are noted ' +
      'down instead of made. Where the kernel cannot be read, the plan is that of an empty node, and says so.',
  ],
  options: [
    fileOption,
    nodeOption,
    serviceOption,
    { name: 'offline', help: 'Do not read the kernel: the plan of an empty node.' },
    { name: 'operations', help: 'Only the operations, one on a line.' },
    outputOption,
  ],
  contradictions: [...fileContradictions, ['operations', 'output', 'there is one line for each operation']],
  mostArguments: 0,
  examples: [
    ['plan', 'What a daemon that started now would write. Nothing, where all is in place.'],
    ['plan --config new.yaml', 'What another configuration would change.'],
    ['plan -f objects.yaml --node worker-1 --offline', 'What a node would be given, from a file, on any machine.'],
    ['plan -s default/web', 'One Service: virtual servers, endpoints, addresses, set entries.'],
  ],
  exitCodes: [
    [0, 'shown'],
    [2, 'the objects, the configuration or the command line cannot be used'],
  ],
};
