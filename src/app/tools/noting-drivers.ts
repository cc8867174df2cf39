import type { NotedOperation } from '../../cli/noted-operation.ts';
import type { ObservedVirtualServer, OperationFailure, SysctlDriver } from '../../kernel/drivers.ts';
import { compareRules } from '../../kernel/rules/compare-rules.ts';
import type { RuleSet } from '../../model/rule-set.ts';
import type { Drivers } from '../../reconcile/reconciler.ts';
import type { NodeView } from './node-view.ts';

/** Notes an operation that would have been made. */
export type Note = (operation: NotedOperation) => void;

const nothing: NonNullable<Awaited<ReturnType<NodeView['rules']['saved']>>> = {
  tables: new Map(),
  incompatibleTables: [],
};

/**
 * Drivers that read the node and write nothing: each write is noted, in the order of the writes, and reported as done.
 * So the reconciler goes all the way that it would go. `onListed` is told of the virtual servers in the kernel.
 */
export function notingDrivers(
  view: NodeView,
  note: Note,
  onListed: (servers: readonly ObservedVirtualServer[]) => void = () => {},
): Drivers {
  const noting = async (operations: readonly NotedOperation[]): Promise<readonly OperationFailure[]> => {
    for (const operation of operations) note(operation);
    return [];
  };
  const differences = async (rules: RuleSet) =>
    compareRules(rules, (await view.rules.saved(rules.family)) ?? nothing).differences;
  let isInterfaceNoted = false;
  return {
    ipvs: {
      async list() {
        const servers = await view.ipvs.list();
        onListed(servers);
        return servers;
      },
      scan: (visitor) => view.ipvs.scan(visitor),
      listRealServers: (servers) => view.ipvs.listRealServers(servers),
      timeouts: () => view.ipvs.timeouts(),
      apply: noting,
      setTimeouts: async (timeouts) => note({ kind: 'setTimeouts', ...timeouts }),
    },
    address: {
      list: () => view.address.list(),
      listNodeAddresses: () => view.address.listNodeAddresses(),
      apply: noting,
      async ensureInterface() {
        if (isInterfaceNoted || (await view.address.hasInterface())) return false;
        isInterfaceNoted = true;
        note({ kind: 'makeInterface', name: 'kube-ipvs0' });
        return true;
      },
    },
    ipset: {
      list: (names) => view.ipset.list(names),
      apply: noting,
      replaceSet: async (set, entries) => note({ kind: 'replaceSet', set, entries: entries.length }),
      destroy: async () => [],
    },
    rules: {
      families: () => view.rules.families(),
      compare: differences,
      async apply(rules) {
        const found = await differences(rules);
        if (found.length > 0) note({ kind: 'writeRules', family: rules.family, differences: found });
        return found.length > 0;
      },
      remove: async () => {},
    },
    conntrack: {
      listUdpFlows: (family, targets) => view.conntrack.listUdpFlows(family, targets),
      async deleteFlows(flows) {
        if (flows.length > 0) note({ kind: 'deleteFlows', flows: flows.length });
        return flows.length;
      },
    },
  };
}

/** Settings that are read, and noted where they would be written. */
export function notingSysctl(sysctl: Pick<SysctlDriver, 'read'>, prefix: string, note: Note): SysctlDriver {
  const isSame = (a: string, b: string) => a.split(/\s+/).join(' ') === b.trim().split(/\s+/).join(' ');
  return {
    read: (name) => sysctl.read(name),
    ensure(name, value) {
      const present = sysctl.read(name);
      if (present !== undefined && isSame(present, value)) return false;
      note({ kind: 'setSysctl', name: `${prefix}${name}`, value, present });
      return true;
    },
  };
}
