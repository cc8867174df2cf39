/** What a reflector lists and watches. Selectors are applied by the server. */
export interface WatchedResource {
  /** As in metrics and log lines, e.g. `endpointslices`. */
  readonly name: string;
  readonly path: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

/** Services that are not headless and not another proxy's. */
export const watchedServices: WatchedResource = {
  name: 'services',
  path: '/api/v1/services',
  labelSelector: '!service.kubernetes.io/service-proxy-name',
  fieldSelector: 'spec.clusterIP!=None',
};

/** Slices of all Services but headless ones. */
export const watchedEndpointSlices: WatchedResource = {
  name: 'endpointslices',
  path: '/apis/discovery.k8s.io/v1/endpointslices',
  labelSelector: '!service.kubernetes.io/headless',
};

/** The Node of this name, or all. */
export function watchedNodes(name?: string): WatchedResource {
  const all = { name: 'nodes', path: '/api/v1/nodes' };
  return name === undefined ? all : { ...all, fieldSelector: `metadata.name=${name}` };
}

/** Path and query of a request for the resource; `parameters` come after the selectors. */
export function requestPath(resource: WatchedResource, parameters: Readonly<Record<string, string>>): string {
  const query = new URLSearchParams({
    ...(resource.labelSelector !== undefined && { labelSelector: resource.labelSelector }),
    ...(resource.fieldSelector !== undefined && { fieldSelector: resource.fieldSelector }),
    ...parameters,
  });
  return `${resource.path}?${query.toString()}`;
}
