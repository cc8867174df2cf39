import type { ClusterTables } from '../../cluster/tables.ts';
import type { EndpointSlice } from '../../kubernetes/objects/endpoint-slice.ts';
import type { Node } from '../../kubernetes/objects/node.ts';
import type { Service } from '../../kubernetes/objects/service.ts';
import type { ObjectSink } from '../../kubernetes/source.ts';
import type { Clock } from '../../model/clock.ts';
import type { IpFamily } from '../../model/ip.ts';
import type { ServiceKey } from '../../model/service-key.ts';
import type { Metrics } from '../../observe/metrics.ts';
import type { WatchedResource } from '../../observe/proxier-metrics.ts';

export interface ChangeMeterOptions {
  readonly tables: ClusterTables;
  /** Families that are served; slices of others do not count. */
  readonly families: readonly IpFamily[];
  readonly metrics: Pick<Metrics, 'registry' | 'changes' | 'rounds' | 'proxier'>;
  readonly clock: Clock;
}

/** When endpoints of a Service changed, as their slices say. */
interface TriggerTime {
  readonly family: IpFamily;
  readonly timeMs: number;
}

/** How long a change took until it was in the kernel. */
interface Measured {
  readonly family: IpFamily;
  readonly seconds: number;
}

/** Takes about a millisecond. */
const observationsAtOnce = 100;

type EventType = 'added' | 'modified' | 'deleted';

/**
 * Stands between a source and the tables: passes everything on, counts it, and measures how long changes of endpoints
 * take until they are in the kernel. Keeps nothing but what waits for the next round.
 */
export class ChangeMeter implements ObjectSink {
  readonly #options: ChangeMeterOptions;
  readonly #startTimeMs: number;
  readonly #changedServices = new Set<ServiceKey>();
  #changedSlices = 0;
  #triggerTimes = new Map<ServiceKey, TriggerTime[]>();
  #inRound: readonly TriggerTime[] = [];
  /** Measured, and not yet in the histogram. */
  readonly #measured: Measured[] = [];
  /** Events since the metrics were last shown, by resource and type: counting in a metric costs more than the event. */
  readonly #events = new Map<WatchedResource, Map<EventType, number>>();
  #serviceEventCount = 0;
  #sliceEventCount = 0;

  constructor(options: ChangeMeterOptions) {
    this.#options = options;
    this.#startTimeMs = options.clock.nowMs();
    options.metrics.registry.beforeRender(() => this.#show());
  }

  /** A round takes all changes so far. */
  roundStarted(): void {
    this.#changedServices.clear();
    this.#changedSlices = 0;
    this.#inRound = [...this.#inRound, ...[...this.#triggerTimes.values()].flat()];
    this.#triggerTimes = new Map();
  }

  /** What the round took is in the kernel. Without this, the times count for the next round that gets there. */
  roundSucceeded(): void {
    const nowMs = this.#options.clock.nowMs();
    const isIdle = this.#measured.length === 0;
    for (const { family, timeMs } of this.#inRound) {
      this.#measured.push({ family, seconds: Math.max(0, nowMs - timeMs) / 1000 });
    }
    this.#inRound = [];
    if (isIdle) this.#observeSome();
  }

  /** Nobody brings the changes so far to the kernel; what waited for that is not measured. */
  changesDropped(): void {
    this.roundStarted();
    this.#inRound = [];
  }

  updateService(service: Service): void {
    const { tables } = this.#options;
    this.#serviceEvents([service.key], tables.service(service.key) === undefined ? 'added' : 'modified');
    tables.updateService(service);
  }

  deleteService(key: ServiceKey): void {
    this.#serviceEvents([key], 'deleted');
    this.#options.tables.deleteService(key);
  }

  replaceServices(services: Iterable<Service>): void {
    const { tables } = this.#options;
    const listed = [...services];
    const [added, modified] = parted(listed, ({ key }) => tables.service(key) === undefined);
    this.#serviceEvents(added.map(keyOf), 'added');
    this.#serviceEvents(modified.map(keyOf), 'modified');
    tables.replaceServices(listed);
  }

  updateEndpointSlice(slice: EndpointSlice): void {
    const { tables } = this.#options;
    const previous = tables.slice(slice.key);
    this.#sliceEvents([slice], previous === undefined ? 'added' : 'modified');
    this.#remember(slice, previous);
    tables.updateEndpointSlice(slice);
  }

  deleteEndpointSlice(key: string): void {
    const previous = this.#options.tables.slice(key);
    if (previous !== undefined) {
      this.#sliceEvents([previous], 'deleted');
      this.#triggerTimes.delete(previous.service);
    }
    this.#options.tables.deleteEndpointSlice(key);
  }

  replaceEndpointSlices(slices: Iterable<EndpointSlice>): void {
    const { tables } = this.#options;
    const listed = [...slices];
    const [added, modified] = parted(listed, ({ key }) => tables.slice(key) === undefined);
    this.#sliceEvents(added, 'added');
    this.#sliceEvents(modified, 'modified');
    for (const slice of listed) this.#remember(slice, tables.slice(slice.key));
    tables.replaceEndpointSlices(listed);
  }

  updateNode(node: Node): void {
    const { tables } = this.#options;
    this.#count('nodes', tables.node(node.name) === undefined ? 'added' : 'modified', 1);
    tables.updateNode(node);
  }

  deleteNode(name: string): void {
    this.#count('nodes', 'deleted', 1);
    this.#options.tables.deleteNode(name);
  }

  replaceNodes(nodes: Iterable<Node>): void {
    this.#options.tables.replaceNodes(nodes);
  }

  listingsArePartial(arePartial: boolean): void {
    this.#options.tables.listingsArePartial(arePartial);
  }

  #serviceEvents(keys: readonly ServiceKey[], type: EventType): void {
    this.#count('services', type, keys.length);
    this.#serviceEventCount += keys.length * this.#options.families.length;
    for (const key of keys) this.#changedServices.add(key);
  }

  #sliceEvents(slices: readonly EndpointSlice[], type: EventType): void {
    this.#count('endpointslices', type, slices.length);
    const used = slices.filter(({ family }) => this.#options.families.includes(family)).length;
    this.#sliceEventCount += used;
    this.#changedSlices += used;
  }

  #count(resource: WatchedResource, type: EventType, events: number): void {
    if (events === 0) return;
    const counts = this.#events.get(resource) ?? new Map<EventType, number>();
    counts.set(type, (counts.get(type) ?? 0) + events);
    this.#events.set(resource, counts);
  }

  /** A slice that says what it said before, as after a new listing, has not changed now. */
  #remember(slice: EndpointSlice, previous: EndpointSlice | undefined): void {
    const { family, service, lastChangeTriggerTimeMs: timeMs } = slice;
    if (timeMs <= this.#startTimeMs || timeMs === previous?.lastChangeTriggerTimeMs) return;
    if (!this.#options.families.includes(family)) return;
    const times = this.#triggerTimes.get(service);
    if (times === undefined) this.#triggerTimes.set(service, [{ family, timeMs }]);
    else times.push({ family, timeMs });
  }

  /** A histogram of many buckets is slow: after a burst the event loop gets its turn in between. */
  #observeSome(): void {
    const { clock, metrics } = this.#options;
    for (const { family, seconds } of this.#measured.splice(0, observationsAtOnce)) {
      metrics.rounds.programmed(family, seconds);
    }
    if (this.#measured.length > 0) clock.schedule(0, () => this.#observeSome());
  }

  #show(): void {
    const { changes, proxier } = this.#options.metrics;
    for (const [resource, counts] of this.#events) {
      for (const [type, events] of counts) proxier.api.event(resource, type, events);
    }
    this.#events.clear();
    changes.endpointEvents(this.#sliceEventCount);
    changes.serviceEvents(this.#serviceEventCount);
    this.#sliceEventCount = 0;
    this.#serviceEventCount = 0;
    changes.endpointsPending(this.#changedSlices);
    changes.servicesPending(this.#changedServices.size);
  }
}

function keyOf({ key }: Service): ServiceKey {
  return key;
}

/** Those that the test holds for, and the others. */
function parted<T>(items: readonly T[], test: (item: T) => boolean): readonly [readonly T[], readonly T[]] {
  const groups = Map.groupBy(items, test);
  return [groups.get(true) ?? [], groups.get(false) ?? []];
}
