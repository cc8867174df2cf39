import type { ServiceKey } from '../../model/service-key.ts';
import { serviceKey } from '../../model/service-key.ts';
import type { EndpointSlice } from '../objects/endpoint-slice.ts';
import type { Service } from '../objects/service.ts';
import type { ObjectSink } from '../source.ts';
import { httpsUrl } from './api-server.ts';

/** What Service and EndpointSlices of `default/kubernetes` say. */
export interface KubernetesService {
  /** `https://` URLs of its ready endpoints, in the order of their text; never empty. */
  readonly urls: readonly string[];
  /** Its addresses and the names that stand for them: only Services lead there. */
  readonly virtualHosts: readonly string[];
}

const key = serviceKey('default', 'kubernetes');
const portName = 'https';
const names = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'kubernetes.default.svc.cluster.local'];

/**
 * A sink that passes everything on and keeps an eye on `default/kubernetes`, at the price of one comparison per object.
 * `onChanged` is called once Service and endpoints are both known, and after each change of what they say; when all
 * endpoints go, the last ones stay known.
 */
export function watchKubernetesService(sink: ObjectSink, onChanged: (found: KubernetesService) => void): ObjectSink {
  const watch = new KubernetesServiceWatch(onChanged);
  return {
    updateService(service) {
      if (service.key === key) watch.service(service);
      sink.updateService(service);
    },
    deleteService: (gone) => sink.deleteService(gone),
    replaceServices: (services) =>
      sink.replaceServices(
        watched(
          services,
          (each) => each.key,
          (each) => watch.service(each),
        ),
      ),
    updateEndpointSlice(slice) {
      if (slice.service === key) watch.slice(slice);
      sink.updateEndpointSlice(slice);
    },
    deleteEndpointSlice(gone) {
      watch.sliceGone(gone);
      sink.deleteEndpointSlice(gone);
    },
    replaceEndpointSlices(slices) {
      watch.slicesBegin();
      sink.replaceEndpointSlices(
        watched(
          slices,
          (each) => each.service,
          (each) => watch.slice(each),
        ),
      );
      watch.slicesEnd();
    },
    updateNode: (node) => sink.updateNode(node),
    deleteNode: (name) => sink.deleteNode(name),
    replaceNodes: (nodes) => sink.replaceNodes(nodes),
  };
}

function* watched<T>(all: Iterable<T>, keyOf: (each: T) => ServiceKey, onFound: (each: T) => void): Iterable<T> {
  for (const each of all) {
    if (keyOf(each) === key) onFound(each);
    yield each;
  }
}

class KubernetesServiceWatch {
  readonly #onChanged: (found: KubernetesService) => void;
  /** URLs by slice. */
  readonly #urls = new Map<string, readonly string[]>();
  #virtualHosts: readonly string[] | undefined;
  #listing = false;
  #told = '';

  constructor(onChanged: (found: KubernetesService) => void) {
    this.#onChanged = onChanged;
  }

  service({ clusterIps, externalIps, loadBalancerIps }: Service): void {
    this.#virtualHosts = [...new Set([...clusterIps, ...externalIps, ...loadBalancerIps, ...names])];
    this.#tell();
  }

  slice(slice: EndpointSlice): void {
    this.#urls.set(slice.key, urlsOf(slice));
    this.#tell();
  }

  sliceGone(sliceKey: string): void {
    if (this.#urls.delete(sliceKey)) this.#tell();
  }

  slicesBegin(): void {
    this.#listing = true;
    this.#urls.clear();
  }

  slicesEnd(): void {
    this.#listing = false;
    this.#tell();
  }

  #tell(): void {
    const urls = [...new Set([...this.#urls.values()].flat())].sort((a, b) => (a < b ? -1 : 1));
    if (this.#listing || this.#virtualHosts === undefined || urls.length === 0) return;
    const found = { urls, virtualHosts: this.#virtualHosts };
    const text = JSON.stringify(found);
    if (text === this.#told) return;
    this.#told = text;
    this.#onChanged(found);
  }
}

function urlsOf({ endpoints, ports }: EndpointSlice): readonly string[] {
  const port = ports.find(({ name }) => name === portName) ?? (ports.length === 1 ? ports[0] : undefined);
  if (port === undefined) return [];
  return endpoints.filter(({ ready }) => ready).map(({ address }) => httpsUrl(address, port.port));
}
