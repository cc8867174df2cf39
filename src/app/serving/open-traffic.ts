import type { ClusterTables } from '../../cluster/tables.ts';
import type { ProxierSettings } from '../../config/config.ts';
import type { Clock } from '../../model/clock.ts';
import type { VirtualServer } from '../../model/virtual-server.ts';
import type { Metrics } from '../../observe/metrics.ts';
import type { DesiredState } from '../../reconcile/desired-state.ts';
import { trafficSection } from '../../observe/traffic-metrics.ts';
import { servicePortOf } from '../rounds/service-port-of.ts';
import { type ServicePortLabels, TrafficBook } from './traffic-book.ts';

export interface TrafficParts {
  readonly proxier: Pick<ProxierSettings, 'traffic'>;
  readonly tables: Pick<ClusterTables, 'service'>;
  /** Who wants which virtual server, once somebody does. */
  readonly desired: () => Pick<DesiredState, 'holderOf'>;
  readonly metrics: Pick<Metrics, 'registry'>;
  readonly clock: Clock;
}

/** The traffic of Services, and its place among the metrics. */
export function openTraffic({ proxier, tables, desired, metrics, clock }: TrafficParts): TrafficBook {
  const ownerOf = ({ key, identity }: VirtualServer): ServicePortLabels | undefined => {
    const holder = desired().holderOf(key);
    const service = holder === undefined ? undefined : tables.service(holder);
    const port = service && servicePortOf(service, identity);
    if (service === undefined || port === undefined) return undefined;
    const { namespace, name } = service;
    return { namespace, service: name, port: port.name, protocol: port.protocol };
  };
  const book = new TrafficBook({ settings: () => proxier.traffic, ownerOf, nowMs: () => clock.nowMs() });
  metrics.registry.addSection(trafficSection(book));
  return book;
}
