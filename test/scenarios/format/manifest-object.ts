/** Kinds of objects that the program reads. */
export type KubernetesKind = 'Service' | 'EndpointSlice' | 'Node';

/** An object as the API server gives it. Deliberately loose: scenarios also have objects that are wrong. */
export interface ManifestObject {
  readonly kind: KubernetesKind;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

/** `namespace/name`, or the name of a Node. */
export function objectKey({ metadata }: ManifestObject): string {
  return metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`;
}
