import type { ToolOption } from './tool-syntax.ts';

/** Options that several tools have. */
export const fileOption: ToolOption = {
  name: 'file',
  short: 'f',
  value: 'FILE',
  help:
    'Objects from a file instead of the API server: YAML or JSON as kubectl get svc,endpointslices,nodes -A -o yaml ' +
    'prints it; - for standard input. May be given more than once.',
};
export const nodeOption: ToolOption = {
  name: 'node',
  value: 'NAME',
  help: 'The Node to look from; this one without it.',
};
export const outputOption: ToolOption = {
  name: 'output',
  short: 'o',
  value: 'FORMAT',
  choices: ['text', 'json'],
  help: 'text (default) or json.',
};
export const serviceOption: ToolOption = {
  name: 'service',
  short: 's',
  value: 'NAMESPACE/NAME',
  help: 'Only this Service. May be given more than once.',
};

/** Flags of the daemon that say otherwise than `--file` where objects come from. */
export const fileContradictions = ['kubeconfig', 'master', 'manifests'].map(
  (flag) => ['file', flag, 'both say where objects come from'] as const,
);
