import type { KubernetesObject, ObjectMeta } from '../api-server/objects/kubernetes-object.ts';

/** The fields of a pod that decide about its endpoints. */
export interface Pod {
  readonly metadata: ObjectMeta;
  readonly spec?: {
    readonly nodeName?: string;
    readonly hostname?: string;
    readonly subdomain?: string;
    readonly containers?: readonly {
      readonly ports?: readonly {
        readonly name?: string;
        readonly containerPort: number;
        readonly protocol?: string;
      }[];
    }[];
  };
  readonly status?: {
    readonly phase?: string;
    readonly podIP?: string;
    readonly podIPs?: readonly { readonly ip: string }[];
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

/** A stored object of kind Pod; the fields are taken as they are. */
export function asPod(object: KubernetesObject): Pod {
  return object as Pod; // manifests of tests are trusted
}

/** A pod with an address that has not finished counts, ready or not, terminating or not. */
export function mayHaveEndpoint(pod: Pod): boolean {
  const { phase } = pod.status ?? {};
  return addressesOf(pod).length > 0 && phase !== 'Succeeded' && phase !== 'Failed';
}

export function addressesOf(pod: Pod): readonly string[] {
  const { podIPs = [], podIP } = pod.status ?? {};
  if (podIPs.length > 0) return podIPs.map((entry) => entry.ip);
  return podIP === undefined || podIP === '' ? [] : [podIP];
}

export function isReady(pod: Pod): boolean {
  return (pod.status?.conditions ?? []).some((condition) => condition.type === 'Ready' && condition.status === 'True');
}
