import type { Clock } from '../../model/clock.ts';
import type { ServiceKey } from '../../model/service-key.ts';
import type { Log } from '../../observe/log.ts';
import { createDecoder } from '../objects/decoder.ts';
import type { ObjectSink, ObjectSource } from '../source.ts';
import type { ApiClient } from './kube-client.ts';
import type { FaultyObject } from './object-intake.ts';
import { Reflector } from './reflector.ts';
import type { ReflectorCounters } from './reflector-counters.ts';
import { watchedEndpointSlices, watchedNodes, watchedServices } from './watched-resource.ts';

export interface ApiSourceOptions {
  readonly client: ApiClient;
  readonly sink: ObjectSink;
  /** The Node to watch: the one this program runs on. */
  readonly nodeName: string;
  /** `all` watches the other Nodes too, for their addresses. Default `own`. */
  readonly knownNodes?: 'own' | 'all';
  readonly clock: Clock;
  /** Numbers from 0 to 1, 1 excluded; spreads the requests of many nodes over time. */
  readonly random: () => number;
  readonly log: Log;
  /** False lists in pages only. Default true. */
  readonly streamsLists?: boolean;
  /** Told when faults of an object appear, change or end. */
  readonly onFaults?: (object: FaultyObject) => void;
}

/** Services, EndpointSlices and the own Node of an API server, or all Nodes. It never gives up, whatever the server does. */
export class ApiSource implements ObjectSource {
  readonly #reflectors: readonly Pick<Reflector<never>, 'start' | 'stop' | 'counters'>[];

  constructor(options: ApiSourceOptions) {
    const { client, sink, clock, random, log, streamsLists = true, onFaults } = options;
    const decoder = createDecoder();
    const shared = { client, clock, random, log, streamsLists, ...(onFaults && { onFaults }) };
    const services = new Reflector({
      ...shared,
      resource: watchedServices,
      decode: decoder.service,
      target: {
        replace: (objects) => sink.replaceServices(objects),
        update: (object) => sink.updateService(object),
        delete: (key) => sink.deleteService(key as ServiceKey), // made of namespace and name, as `serviceKey` does
      },
    });
    const slices = new Reflector({
      ...shared,
      resource: watchedEndpointSlices,
      decode: decoder.endpointSlice,
      target: {
        replace: (objects) => sink.replaceEndpointSlices(objects),
        update: (object) => sink.updateEndpointSlice(object),
        delete: (key) => sink.deleteEndpointSlice(key),
      },
    });
    const node = new Reflector({
      ...shared,
      resource: watchedNodes(options.knownNodes === 'all' ? undefined : options.nodeName),
      decode: decoder.node,
      target: {
        replace: (objects) => sink.replaceNodes(objects),
        update: (object) => sink.updateNode(object),
        delete: (key) => sink.deleteNode(key),
      },
    });
    this.#reflectors = [node, services, slices];
  }

  /** One entry per resource; always up to date. */
  get counters(): readonly Readonly<ReflectorCounters>[] {
    return this.#reflectors.map((reflector) => reflector.counters);
  }

  start(): void {
    for (const reflector of this.#reflectors) reflector.start();
  }

  /** Ends the watches; the sink gets nothing more. */
  stop(): void {
    for (const reflector of this.#reflectors) void reflector.stop(); // it never rejects
  }
}
