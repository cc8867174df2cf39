import type { Difference } from '../../cli/diff/diff-report.ts';
import type { NotedOperation } from '../../cli/noted-operation.ts';
import { operationText, virtualServerText } from '../../cli/operation-text.ts';
import type { ObservedVirtualServer } from '../../kernel/drivers.ts';
import type { RealServer } from '../../model/real-server.ts';
import type { ServiceKey } from '../../model/service-key.ts';
import type { VirtualServerKey } from '../../model/virtual-server.ts';

/** What tells more about an operation than it says itself. */
export interface DifferenceContext {
  readonly holderOf: (key: VirtualServerKey) => ServiceKey | undefined;
  readonly inKernel: (key: VirtualServerKey) => ObservedVirtualServer | undefined;
}

/**
 * The difference that an operation would settle; undefined for one that only ends what has drained, or follows from
 * another. Pure.
 */
export function differenceOf(operation: NotedOperation, context: DifferenceContext): Difference | undefined {
  switch (operation.kind) {
    case 'makeInterface':
      return { kind: 'interface', how: 'missing', object: operation.name, details: [] };
    case 'setSysctl': {
      const { name, value, present } = operation;
      const details = [`${present ?? 'not there'} in the kernel, ${value} wanted`];
      return { kind: 'setting', how: present === undefined ? 'missing' : 'different', object: name, details };
    }
    case 'setTimeouts':
      return { kind: 'setting', how: 'different', object: operationText(operation).text, details: [] };
    case 'createSet':
      return { kind: 'set', how: 'missing', object: operation.set.name, details: [] };
    case 'replaceSet': {
      const { set } = operation;
      const details = [`of another type, family or size: ${set.type} for ${set.maxElements} entries wanted`];
      return { kind: 'set', how: 'different', object: set.name, details };
    }
    case 'addEntry':
    case 'deleteEntry': {
      const how = operation.kind === 'addEntry' ? 'missing' : 'unwanted';
      return { kind: 'set entry', how, object: `${operation.set} ${operation.entry.text}`, details: [] };
    }
    case 'writeRules': {
      const { details } = operationText(operation);
      return { kind: 'rules', how: 'different', object: operation.family, details };
    }
    case 'bindAddress':
    case 'unbindAddress': {
      const how = operation.kind === 'bindAddress' ? 'missing' : 'unwanted';
      return { kind: 'address', how, object: operation.address, details: [] };
    }
    case 'deleteFlows':
      return undefined;
    default:
      return serverDifference(operation, context);
  }
}

type ServerOperation = Extract<NotedOperation, { readonly virtualServer: unknown }>;

function serverDifference(operation: ServerOperation, context: DifferenceContext): Difference | undefined {
  const { key } = operation.virtualServer;
  const present = context.inKernel(key);
  const service = context.holderOf(key);
  const of = service === undefined ? {} : { service };
  switch (operation.kind) {
    case 'addVirtualServer':
      return { kind: 'virtual server', how: 'missing', object: key, details: [], ...of };
    case 'setVirtualServer': {
      const was = present === undefined ? 'not there' : virtualServerText(present.virtualServer);
      const details = [`${was} in the kernel`, `${virtualServerText(operation.virtualServer)} wanted`];
      return { kind: 'virtual server', how: 'different', object: key, details, ...of };
    }
    case 'deleteVirtualServer':
      if (present !== undefined && present.realServers.length > 0) return undefined; // its real servers are told of
      return { kind: 'virtual server', how: 'unwanted', object: key, details: [] };
    case 'addRealServer':
      return realServer('missing', operation, [], of);
    case 'setRealServer':
      return changedRealServer(operation, present, of);
    case 'deleteRealServer': {
      const isDraining = realServerIn(present, operation.realServer)?.weight === 0;
      return isDraining ? undefined : realServer('unwanted', operation, [], of);
    }
  }
}

function changedRealServer(
  operation: Extract<ServerOperation, { readonly kind: 'setRealServer' }>,
  present: ObservedVirtualServer | undefined,
  of: Partial<Difference>,
): Difference {
  const was = realServerIn(present, operation.realServer);
  if (operation.realServer.weight === 0) {
    const details = [`weight ${was?.weight ?? 0}, and no endpoint: it is to drain`];
    return realServer('unwanted', operation, details, of);
  }
  const details = [`${settingsText(was)} in the kernel, ${settingsText(operation.realServer)} wanted`];
  return realServer('different', operation, details, of);
}

function realServerIn(present: ObservedVirtualServer | undefined, { key }: RealServer): RealServer | undefined {
  return present?.realServers.find((each) => each.key === key);
}

function settingsText(server: RealServer | undefined): string {
  return server === undefined ? 'not there' : `weight ${server.weight} ${server.forwarding}`;
}

function realServer(
  how: Difference['how'],
  operation: Extract<ServerOperation, { readonly realServer: unknown }>,
  details: readonly string[],
  of: Partial<Difference>,
): Difference {
  return {
    kind: 'real server',
    how,
    object: `${operation.virtualServer.key} ${operation.realServer.key}`,
    details,
    ...of,
  };
}
