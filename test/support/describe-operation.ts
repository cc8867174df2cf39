import type { Operation } from '../../src/model/operation.ts';

/** An operation in one line, e.g. `setRealServer TCP/10.96.0.1:80 10.244.1.2:8080 weight=0`. */
export function describeOperation(operation: Operation): string {
  switch (operation.kind) {
    case 'addVirtualServer':
    case 'setVirtualServer':
    case 'deleteVirtualServer':
      return `${operation.kind} ${operation.virtualServer.key}`;
    case 'addRealServer':
    case 'setRealServer':
    case 'deleteRealServer':
      return `${operation.kind} ${operation.virtualServer.key} ${operation.realServer.key} weight=${operation.realServer.weight}`;
    case 'bindAddress':
    case 'unbindAddress':
      return `${operation.kind} ${operation.address}`;
    case 'createSet':
      return `createSet ${operation.set.name}`;
    case 'addEntry':
    case 'deleteEntry':
      return `${operation.kind} ${operation.set} ${operation.entry.text}`;
  }
}
