import { outputOption } from '../shared-options.ts';
import type { ToolSyntax } from '../tool-syntax.ts';

/** Help, options and arguments of `ipvs-proxier check`. */
export const checkSyntax: ToolSyntax = {
  name: 'check',
  summary: 'Looks whether this node can serve Services: kernel, modules, settings, rights, and other proxies',
  usage: '[-o text|json]',
  description: [
    'To be run before ipvs-proxier comes to a node, or when it does not start there. Reads only; no module of IPVS or IP sets is loaded for it.',
  ],
  options: [outputOption],
  mostArguments: 0,
  examples: [
    ['check', 'What is there, what is missing, what to do about it.'],
    ['check --proxy-mode=ipvs --ipvs-scheduler=mh', 'Whether the configuration works here.'],
    ['check -o json | jq \'.findings[] | select(.level == "error")\'', 'What stands in the way, for programs.'],
  ],
  exitCodes: [
    [0, 'nothing stands in the way; there may be warnings'],
    [1, 'Services will not work'],
    [2, 'the command line or the configuration cannot be used'],
  ],
};
