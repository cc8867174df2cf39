import type { KubernetesObject, ObjectInput } from '../api-server/objects/kubernetes-object.ts';
import { sameJson } from '../api-server/objects/kubernetes-object.ts';
import { isHeadless, serviceSpec } from '../api-server/services/service-object.ts';
import type { SliceContent } from './pack-slices.ts';

export const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';
const MANAGED_BY_LABEL = 'endpointslice.kubernetes.io/managed-by';
const MANAGER = 'endpointslice-controller.k8s.io';
const HEADLESS_LABEL = 'service.kubernetes.io/headless';
const TRIGGER_TIME = 'endpoints.kubernetes.io/last-change-trigger-time';

/** Whether a slice is ours; slices of other managers are left alone. */
export function isManaged(slice: KubernetesObject): boolean {
  return slice.metadata.labels?.[MANAGED_BY_LABEL] === MANAGER;
}

export function contentOfSlice(slice: KubernetesObject): SliceContent {
  const { addressType, ports, endpoints } = slice as unknown as SliceContent; // ours, so they have these fields
  return { name: slice.metadata.name, addressType, ports, endpoints };
}

/**
 * The EndpointSlice object for a content, with the labels of its Service. Undefined when the present slice already says
 * all of it.
 * @param triggeredMs when the change began that this answers, in milliseconds since 1970
 */
export function sliceObject(
  service: KubernetesObject,
  content: SliceContent,
  present: KubernetesObject | undefined,
  triggeredMs: number,
): ObjectInput | undefined {
  const { name, namespace = '', uid = '' } = service.metadata;
  const labels = labelsOfSlice(service);
  const { addressType, ports, endpoints } = content;
  if (present !== undefined && sameJson(present.metadata.labels, labels)) {
    if (sameJson(contentOfSlice(present), { name: present.metadata.name, addressType, ports, endpoints }))
      return undefined;
  }
  const owner = { apiVersion: 'v1', kind: 'Service', name, uid, controller: true, blockOwnerDeletion: true };
  const metadata = {
    ...(content.name === undefined ? { generateName: `${name}-` } : { name: content.name }),
    namespace,
    labels,
    annotations: { [TRIGGER_TIME]: new Date(triggeredMs).toISOString() },
    ownerReferences: [owner],
  };
  return { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata, addressType, ports, endpoints };
}

function labelsOfSlice(service: KubernetesObject): Record<string, string> {
  const { [HEADLESS_LABEL]: _headless, ...labels } = service.metadata.labels ?? {};
  const headless: Record<string, string> = isHeadless(serviceSpec(service)) ? { [HEADLESS_LABEL]: '' } : {};
  return { ...labels, ...headless, [SERVICE_NAME_LABEL]: service.metadata.name, [MANAGED_BY_LABEL]: MANAGER };
}
