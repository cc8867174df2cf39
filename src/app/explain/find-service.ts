import type { ExplainTarget } from '../../cli/explain/target.ts';
import { ClusterTables } from '../../cluster/tables.ts';
import type { Decoded } from '../../kubernetes/objects/decoded.ts';
import { createDecoder, type Decoder } from '../../kubernetes/objects/decoder.ts';
import type { EndpointSlice } from '../../kubernetes/objects/endpoint-slice.ts';
import type { Service } from '../../kubernetes/objects/service.ts';
import type { ApiClient } from '../../kubernetes/watch/kube-client.ts';
import { listPages } from '../../kubernetes/watch/paged-list.ts';
import { type WatchedResource, watchedNodes, watchedServices } from '../../kubernetes/watch/watched-resource.ts';
import type { IpAddress } from '../../model/ip.ts';
import { type ServiceKey, serviceKey } from '../../model/service-key.ts';
import { systemClock } from '../system-clock.ts';

/** A Service with what belongs to it, out of all or alone. */
export interface FoundService {
  /** Its EndpointSlices and the Node; with files all other objects too. */
  readonly tables: ClusterTables;
  /** Undefined where there is none. */
  readonly key: ServiceKey | undefined;
  /** Label `service.kubernetes.io/service-proxy-name`; empty without. */
  readonly proxyName: string;
  /** What is wrong with it or its slices. */
  readonly problems: readonly string[];
  /** Why the object of that name cannot be used at all. */
  readonly unusable?: string;
}

/** The Service among all objects, by name or by address. Addresses of nodes have the node ports. */
export function findAmong(tables: ClusterTables, target: ExplainTarget, nodeAddresses: readonly IpAddress[]) {
  if (target.kind === 'service') {
    const key = serviceKey(target.namespace, target.name);
    return tables.service(key) === undefined ? undefined : key;
  }
  const services = [...tables.serviceKeys()].flatMap((key) => tables.service(key) ?? []);
  return services.find((service) => isAt(service, target, nodeAddresses))?.key;
}

export type AskedAddress = Extract<ExplainTarget, { readonly kind: 'address' }>;

function isAt(
  { ports, clusterIps, externalIps, loadBalancerIps }: Service,
  target: AskedAddress,
  nodeAddresses: readonly IpAddress[],
): boolean {
  const { address, port, protocol } = target;
  const fits = (each: Service['ports'][number]) => protocol === undefined || protocol === each.protocol;
  const isOwn = [...clusterIps, ...externalIps, ...loadBalancerIps].includes(address);
  if (isOwn && ports.some((each) => each.port === port && fits(each))) return true;
  return nodeAddresses.includes(address) && ports.some((each) => each.nodePort === port && fits(each));
}

/** Which Service the running daemon serves at an address; undefined where that is not to be had. */
export type HolderAt = (target: AskedAddress) => Promise<Named | undefined>;

/** Longest time for all requests together. */
const deadlineMs = 30_000;

/** Asks the API server for one Service, its EndpointSlices and this Node, and for nothing else where that suffices. */
export async function findInApi(
  client: ApiClient,
  target: ExplainTarget,
  node: { readonly name: string; readonly addresses: readonly IpAddress[] },
  holderAt: HolderAt = async () => undefined,
): Promise<FoundService> {
  const asking = new Asking(client);
  const tables = new ClusterTables(() => {});
  const [nodes, { service, proxyName, slices, unusable }] = await Promise.all([
    asking.list(watchedNodes(node.name), asking.decoder.node),
    target.kind === 'service' ? asking.byName(target) : asking.byAddress(target, node.addresses, holderAt),
  ]);
  tables.replaceNodes(nodes);
  tables.replaceServices(service === undefined ? [] : [service]);
  tables.replaceEndpointSlices(slices);
  const shared = { tables, proxyName, problems: asking.problems };
  return { ...shared, key: service?.key, ...(unusable !== undefined && { unusable }) };
}

/** What the problems say of a Service, without its name. */
export function wrongWith(key: string, problems: readonly string[]): string | undefined {
  const start = `Service ${key}: `;
  const problem = problems.find((each) => each.includes(start));
  return problem?.slice(problem.indexOf(start) + start.length);
}

type Named = Pick<Service, 'namespace' | 'name'>;

interface Answer {
  readonly service: Service | undefined;
  readonly proxyName: string;
  readonly slices: readonly EndpointSlice[];
  readonly unusable?: string;
}

class Asking {
  readonly problems: string[] = [];
  readonly decoder: Decoder = createDecoder();
  readonly #client: ApiClient;
  readonly #signal = AbortSignal.timeout(deadlineMs);

  constructor(client: ApiClient) {
    this.#client = client;
  }

  /** Both at once. Listing needs no right that the daemon does not have, getting does. */
  async byName(named: Named): Promise<Answer> {
    const path = `/api/v1/namespaces/${encodeURIComponent(named.namespace)}/services`;
    const resource = { name: 'services', path, fieldSelector: `metadata.name=${named.name}` };
    const [[value], slices] = await Promise.all([this.#list(resource, (item) => item), this.#slicesOf(named)]);
    const proxyName = labelOf(value, 'service.kubernetes.io/service-proxy-name');
    const service = value === undefined ? undefined : this.#decode(this.decoder.service, value);
    if (value === undefined || service !== undefined) return { service, slices, proxyName };
    const { namespace, name } = named;
    return { service, slices, proxyName, unusable: wrongWith(`${namespace}/${name}`, this.problems) ?? 'unreadable' };
  }

  /** The daemon knows at once who has an address; what it says is looked at as the API server has it. */
  async byAddress(target: AskedAddress, nodeAddresses: readonly IpAddress[], holderAt: HolderAt): Promise<Answer> {
    const holder = await holderAt(target);
    const answer = holder && (await this.byName(holder));
    if (answer?.service !== undefined && isAt(answer.service, target, nodeAddresses)) return answer;
    const service = await this.#search(target, nodeAddresses);
    return { service, proxyName: '', slices: service === undefined ? [] : await this.#slicesOf(service) };
  }

  /** By cluster IP, which the API server can look for; else among all Services. */
  async #search(target: AskedAddress, nodeAddresses: readonly IpAddress[]): Promise<Service | undefined> {
    const byClusterIp = { ...watchedServices, fieldSelector: `spec.clusterIP=${target.address}` };
    const [found] = await this.list(byClusterIp, this.decoder.service);
    if (found !== undefined) return found;
    const all = await this.list(watchedServices, this.decoder.service);
    return all.find((service) => isAt(service, target, nodeAddresses));
  }

  async #slicesOf({ namespace, name }: Named): Promise<readonly EndpointSlice[]> {
    const path = `/apis/discovery.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/endpointslices`;
    const resource = { name: 'endpointslices', path, labelSelector: `kubernetes.io/service-name=${name}` };
    return await this.list(resource, this.decoder.endpointSlice);
  }

  list<T>(resource: WatchedResource, decode: (value: unknown) => Decoded<T>): Promise<T[]> {
    return this.#list(resource, (item) => this.#decode(decode, item));
  }

  async #list<T>(resource: WatchedResource, take: (item: unknown) => T | undefined): Promise<T[]> {
    const objects: T[] = [];
    await listPages({
      client: this.#client,
      clock: systemClock,
      random: Math.random,
      resource,
      signal: this.#signal,
      onItem: (item) => {
        const object = take(item);
        if (object !== undefined) objects.push(object);
      },
    });
    return objects;
  }

  #decode<T>(decode: (value: unknown) => Decoded<T>, value: unknown): T | undefined {
    try {
      const { object, warnings } = decode(value);
      this.problems.push(...warnings.map(({ field, problem }) => `${field}: ${problem}`));
      return object;
    } catch (error) {
      this.problems.push(error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }
}

function labelOf(value: unknown, label: string): string {
  const object = value as { readonly metadata?: { readonly labels?: Readonly<Record<string, unknown>> | null } } | null;
  const text = object?.metadata?.labels?.[label];
  return typeof text === 'string' ? text : '';
}
