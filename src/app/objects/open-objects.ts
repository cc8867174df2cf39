import type { LoadedSettings } from '../../config/effective-config.ts';
import type { ProxyEvent } from '../../kubernetes/events/event.ts';
import type { ObjectSink, ObjectSource } from '../../kubernetes/source.ts';
import type { ApiSource } from '../../kubernetes/watch/api-source.ts';
import type { FaultyObject } from '../../kubernetes/watch/object-intake.ts';
import type { Clock } from '../../model/clock.ts';
import type { Klog } from '../../observe/klog.ts';
import type { Metrics } from '../../observe/metrics.ts';
import type { WatchedResource } from '../../observe/proxier-metrics.ts';
import { ManifestSource } from '../../kubernetes/watch/manifest-source.ts';
import { openEvents } from '../serving/open-events.ts';
import { openApiSource } from './open-source.ts';
import { ProblemBook } from '../rounds/problems.ts';

export interface OpenObjectsOptions {
  readonly settings: LoadedSettings;
  readonly klog: Klog;
  readonly metrics: Metrics;
  readonly nodeName: string;
  readonly sink: ObjectSink;
  readonly clock: Clock;
}

/** Where objects come from, and where word of them goes. */
export interface OpenedObjects {
  readonly source: ObjectSource;
  readonly problems: ProblemBook;
  /** Writes an Event; absent where objects come from manifests. */
  readonly write: ((event: ProxyEvent) => void) | undefined;
  /** Told when faults of an object appear, change or end; to be set before the source is started. */
  onFaults: (object: FaultyObject) => void;
  /** Ends the writing of Events and what looks after the API servers. */
  stop(): Promise<void>;
}

/** Opens the API server, or the manifests. Nothing is delivered before the source is started. */
export async function openObjects(options: OpenObjectsOptions): Promise<OpenedObjects> {
  return options.settings.manifests.length > 0 ? openManifests(options) : await openApi(options);
}

function openManifests(options: OpenObjectsOptions): OpenedObjects {
  const { settings, klog, sink, clock } = options;
  const log = klog.named('kubernetes/watch/manifest-source.ts');
  const opened: OpenedObjects = {
    source: new ManifestSource({
      paths: settings.manifests,
      sink,
      clock,
      log,
      onFaults: (object) => opened.onFaults(object),
    }),
    problems: problemBook(options, undefined),
    write: undefined,
    onFaults: () => {},
    stop: async () => {},
  };
  return opened;
}

async function openApi(options: OpenObjectsOptions): Promise<OpenedObjects> {
  const { settings, klog, metrics, nodeName, sink, clock } = options;
  const { api } = metrics.proxier;
  const opening = await openApiSource({
    connection: settings.config.clientConnection,
    apiServer: settings.config.proxier.apiServer,
    nodeName,
    knownNodes: settings.config.proxier.knownNodes ?? 'own',
    version: settings.version.text,
    sink,
    log: klog.named('kubernetes/watch/reflector.ts'),
    requests: metrics.restClient,
    onServer(server, reason) {
      api.serverUsed(new URL(server.url).host);
      if (reason !== 'start') api.serverSwitched(reason);
    },
    onFaults: (object) => opened.onFaults(object),
  });
  const { source, client } = opening;
  metrics.registry.beforeRender(() => showCounters(source, metrics));
  const events = openEvents({ client, nodeName, clock, log: klog.named('kubernetes/events/event-writer.ts') });
  const write = (event: ProxyEvent) => events.write(event);
  const opened: OpenedObjects = {
    source,
    problems: problemBook(options, write),
    write,
    onFaults: () => {},
    stop() {
      opening.stop();
      return events.stop();
    },
  };
  return opened;
}

function problemBook({ klog, metrics }: OpenObjectsOptions, write: ((event: ProxyEvent) => void) | undefined) {
  const count = (reason: string) => metrics.proxier.problemFound(reason);
  return new ProblemBook({ log: klog.named('app/rounds/problems.ts'), count, write });
}

/** What the watches have counted since they began. */
function showCounters(source: ApiSource, metrics: Metrics): void {
  // The names of the resources are those of the metric.
  for (const { resource, watches, lists, errors, rejectedObjects } of source.counters) {
    metrics.proxier.api.reached(resource as WatchedResource, {
      reconnects: Math.max(0, watches - 1),
      relists: Math.max(0, lists - 1),
      errors,
      decodeErrors: rejectedObjects,
    });
  }
}
