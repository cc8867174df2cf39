import { fileContradictions, fileOption, nodeOption, outputOption } from '../shared-options.ts';
import type { ToolSyntax } from '../tool-syntax.ts';

/** Help, options and arguments of `ipvs-proxier explain`. */
export const explainSyntax: ToolSyntax = {
  name: 'explain',
  summary: 'Follows a packet to a Service and names the first link that is broken, with the remedy',
  usage: 'svc/NAMESPACE/NAME | IP:PORT[/PROTOCOL] [--from POD-IP] [-o text|json]',
  description: [
    'Looks at the objects, at the configuration, and at everything in the kernel that the packet meets on this node: ' +
      'address, virtual and real servers with their counters, sets, rules, settings, modules, connection tracking. ' +
      'Run it on the node that the client is on, or that its packets come to.',
  ],
  options: [
    fileOption,
    nodeOption,
    { name: 'from', value: 'IP', help: 'Address of the client: a Pod, a Node, or somebody outside.' },
    { name: 'port', value: 'NAME', help: 'Name or number of the port of the Service; all ports without it.' },
    outputOption,
  ],
  contradictions: fileContradictions,
  mostArguments: 1,
  examples: [
    ['explain svc/default/web', 'All ports and addresses of a Service.'],
    ['explain 10.96.0.10:53/UDP', 'One address, whichever Service has it.'],
    ['explain svc/default/web --from 192.0.2.7', 'What becomes of the packets of this client.'],
  ],
  exitCodes: [
    [0, 'no link is broken'],
    [1, 'a link is broken'],
    [2, 'it could not be found out; no such Service'],
  ],
};
