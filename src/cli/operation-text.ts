import type { Operation } from '../model/operation.ts';
import type { RealServer } from '../model/real-server.ts';
import { type VirtualServer, virtualServerFlags } from '../model/virtual-server.ts';
import type { NotedOperation } from './noted-operation.ts';

/** An operation in words. */
export interface OperationText {
  /** `+` makes, `-` removes, `~` changes. */
  readonly sign: '+' | '-' | '~';
  readonly text: string;
  /** What it is made of, where there is more to say. */
  readonly details: readonly string[];
}

/** What an operation does, as people say it. Pure. */
export function operationText(operation: NotedOperation): OperationText {
  switch (operation.kind) {
    case 'makeInterface':
      return said('+', `interface ${operation.name}`);
    case 'replaceSet': {
      const { set, entries } = operation;
      return said('~', `set ${set.name}: made anew for ${set.maxElements} entries, with ${entries} in it`);
    }
    case 'writeRules': {
      const details = operation.differences.map(({ table, chain, problem }) => `${table} ${chain}: ${problem}`);
      return { sign: '~', text: `rules of ${operation.family}`, details };
    }
    case 'deleteFlows':
      return said('-', `${operation.flows} tracked UDP flows to servers that are gone`);
    case 'setSysctl': {
      const present = operation.present === undefined ? 'the kernel does not have it' : `it is ${operation.present}`;
      return said('~', `setting ${operation.name} to ${operation.value} (${present})`);
    }
    case 'setTimeouts': {
      const { tcpSeconds, tcpFinSeconds, udpSeconds } = operation;
      return said('~', `IPVS time-outs to ${tcpSeconds} ${tcpFinSeconds} ${udpSeconds} seconds (tcp tcpfin udp)`);
    }
    default:
      return objectText(operation);
  }
}

/** A virtual server with its settings, as ipvsadm names them. */
export function virtualServerText({ key, scheduler, flags, persistenceTimeoutSeconds }: VirtualServer): string {
  const persistent = persistenceTimeoutSeconds > 0 ? ` persistent ${persistenceTimeoutSeconds} s` : '';
  const fallback = (flags & virtualServerFlags.schedulerFallback) === 0 ? '' : ` ${scheduler}-fallback`;
  const port = (flags & virtualServerFlags.schedulerPort) === 0 ? '' : ` ${scheduler}-port`;
  return `${key} ${scheduler}${fallback}${port}${persistent}`;
}

function objectText(operation: Operation): OperationText {
  switch (operation.kind) {
    case 'addVirtualServer':
      return said('+', `virtual server ${virtualServerText(operation.virtualServer)}`);
    case 'setVirtualServer':
      return said('~', `virtual server to ${virtualServerText(operation.virtualServer)}`);
    case 'deleteVirtualServer':
      return said('-', `virtual server ${operation.virtualServer.key}`);
    case 'addRealServer':
      return said('+', `real server ${realServerText(operation.realServer)} of ${operation.virtualServer.key}`);
    case 'setRealServer':
      return said('~', `real server ${changedText(operation.realServer)} of ${operation.virtualServer.key}`);
    case 'deleteRealServer':
      return said('-', `real server ${operation.realServer.key} of ${operation.virtualServer.key}`);
    case 'bindAddress':
      return said('+', `address ${operation.address} on kube-ipvs0`);
    case 'unbindAddress':
      return said('-', `address ${operation.address} on kube-ipvs0`);
    case 'createSet':
      return said('+', `set ${operation.set.name} of ${operation.set.type}`);
    case 'addEntry':
      return said('+', `entry ${operation.entry.text} in ${operation.set}`);
    case 'deleteEntry':
      return said('-', `entry ${operation.entry.text} in ${operation.set}`);
  }
}

function realServerText({ key, weight, forwarding }: RealServer): string {
  return `${key} weight ${weight}${forwarding === 'masquerade' ? '' : ` ${forwarding}`}`;
}

function changedText(realServer: RealServer): string {
  if (realServer.weight > 0) return `to ${realServerText(realServer)}`;
  return `${realServer.key} to weight 0, to go when its connections have ended,`;
}

function said(sign: OperationText['sign'], text: string): OperationText {
  return { sign, text, details: [] };
}
