import type { ServicesOptions } from './services-options.ts';
import type { ShownVirtualServer } from './service-view.ts';

type Filters = Pick<ServicesOptions, 'service' | 'namespace' | 'address' | 'port' | 'node'>;

/** Filters that need names, which only the daemon knows. */
export function needsNames({ service, namespace, node }: Filters): boolean {
  return service !== '' || namespace !== '' || node !== '';
}

/**
 * What is asked for. An address stands for the virtual servers on it, else for the real servers on it; a node for its
 * real servers. Virtual servers of which no real server is left are left out. Pure.
 */
export function filterView(
  virtualServers: readonly ShownVirtualServer[],
  filters: Filters,
): readonly ShownVirtualServer[] {
  return virtualServers.flatMap((shown) => {
    if (!isOfService(shown, filters)) return [];
    const onAddress = keepAddress(shown, filters);
    if (onAddress === undefined || filters.node === '') return onAddress ?? [];
    return keepRealServers(onAddress, ({ node }) => node === filters.node) ?? [];
  });
}

function isOfService({ owner }: ShownVirtualServer, { service, namespace }: Filters): boolean {
  if (service !== '') return owner !== undefined && `${owner.namespace}/${owner.name}` === service;
  return namespace === '' || owner?.namespace === namespace;
}

function keepAddress(shown: ShownVirtualServer, { address, port }: Filters): ShownVirtualServer | undefined {
  if (address === undefined) return shown;
  const isAsked = (each: { readonly address: string; readonly port: number }) =>
    each.address === address && (port === undefined || each.port === port);
  const { identity } = shown;
  if (identity.kind === 'address' && isAsked(identity)) return shown;
  return keepRealServers(shown, isAsked);
}

function keepRealServers(
  shown: ShownVirtualServer,
  isKept: (realServer: ShownVirtualServer['realServers'][number]) => boolean,
): ShownVirtualServer | undefined {
  const realServers = shown.realServers.filter(isKept);
  return realServers.length === 0 ? undefined : { ...shown, realServers };
}
