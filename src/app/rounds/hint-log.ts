import type { ClusterTables } from '../../cluster/tables.ts';
import { familyOf } from '../../model/ip.ts';
import type { Log } from '../../observe/log.ts';
import { ignoredHints } from '../../plan/ignored-hints.ts';
import { portEndpoints } from '../../plan/port-endpoints.ts';
import type { PlannedService } from './plan-follower.ts';

export interface HintLogOptions {
  readonly tables: Pick<ClusterTables, 'slicesOf' | 'node'>;
  readonly nodeName: string;
  readonly log: Log;
}

/**
 * Logs why hints of endpoints do not count on this node, whenever a Service that has such is planned, at the verbosities
 * of kube-proxy. Does nothing, and remembers nothing, where these lines are not wanted.
 */
export class HintLog {
  readonly #options: HintLogOptions;

  constructor(options: HintLogOptions) {
    this.#options = options;
  }

  follow({ key, service }: PlannedService): void {
    const { tables, nodeName, log } = this.#options;
    if (service === undefined || !log.isVerbose(2)) return;
    const zone = tables.node(nodeName)?.zone ?? '';
    for (const family of service.clusterIps.map(familyOf)) {
      for (const port of service.ports) {
        const endpoints = [...portEndpoints(tables.slicesOf(key), port, family, nodeName).values()];
        for (const { verbosity, kind, reason } of ignoredHints(endpoints, { nodeName, zone })) {
          const portName = port.name === '' ? String(port.port) : port.name;
          log.debug(verbosity, 'Topology hints are ignored', { service: key, port: portName, family, kind, reason });
        }
      }
    }
  }
}
