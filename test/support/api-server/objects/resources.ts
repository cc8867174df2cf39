/** How the elements of a list are told apart when lists are merged. Lists without a rule are replaced whole. */
export interface ListRule {
  /** Key of strategic merge patches; `''` for lists of plain values. */
  readonly patchKey?: string;
  /** Keys of server-side apply (listType=map); without them the list has one owner as a whole. */
  readonly applyKeys?: readonly string[];
}

/** One kind of object the server serves. */
export interface Resource {
  /** API group; `''` is the core group. */
  readonly group: string;
  readonly version: 'v1';
  /** `v1` or `<group>/v1`. */
  readonly apiVersion: string;
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  /** Whether `status` is written through its own subresource only. */
  readonly hasStatus: boolean;
  /** Whether `metadata.generation` counts changes of the specification. */
  readonly countsGenerations: boolean;
  /** Collection that holds the objects: both event APIs share one. */
  readonly storage: string;
  /** Fields a field selector may name, besides the name and the namespace. */
  readonly selectableFields: readonly string[];
  /** By path without list indexes, for instance `spec.ports`. */
  readonly listRules: Readonly<Record<string, ListRule>>;
}

type Definition = Pick<Resource, 'group' | 'plural' | 'kind' | 'namespaced'> & Partial<Resource>;

const CONDITIONS: ListRule = { patchKey: 'type', applyKeys: ['type'] };
const NAMED: ListRule = { patchKey: 'name', applyKeys: ['name'] };

const METADATA_LISTS: Readonly<Record<string, ListRule>> = {
  'metadata.finalizers': { patchKey: '' },
  'metadata.ownerReferences': { patchKey: 'uid', applyKeys: ['uid'] },
};

/** Lists of a PodSpec that merge, below `path`. */
function podLists(path: string): Record<string, ListRule> {
  const containers = ['containers', 'initContainers'].flatMap((list): [string, ListRule][] => [
    [`${path}.${list}`, NAMED],
    [`${path}.${list}.env`, NAMED],
    [`${path}.${list}.ports`, { patchKey: 'containerPort', applyKeys: ['containerPort', 'protocol'] }],
    [`${path}.${list}.volumeMounts`, { patchKey: 'mountPath', applyKeys: ['mountPath'] }],
  ]);
  return {
    ...Object.fromEntries(containers),
    [`${path}.volumes`]: NAMED,
    [`${path}.imagePullSecrets`]: NAMED,
    [`${path}.hostAliases`]: { patchKey: 'ip', applyKeys: ['ip'] },
  };
}

const EVENT_FIELDS = ['kind', 'name', 'namespace', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'];

export const RESOURCES: readonly Resource[] = [
  define({
    group: '',
    plural: 'namespaces',
    kind: 'Namespace',
    namespaced: false,
    shortNames: ['ns'],
    hasStatus: true,
    selectableFields: ['status.phase'],
  }),
  define({
    group: '',
    plural: 'nodes',
    kind: 'Node',
    namespaced: false,
    shortNames: ['no'],
    hasStatus: true,
    selectableFields: ['spec.unschedulable'],
    listRules: {
      'spec.taints': { patchKey: 'key' },
      'spec.podCIDRs': { patchKey: '' },
      'status.conditions': CONDITIONS,
      'status.addresses': CONDITIONS,
    },
  }),
  define({
    group: '',
    plural: 'services',
    kind: 'Service',
    namespaced: true,
    shortNames: ['svc'],
    categories: ['all'],
    hasStatus: true,
    selectableFields: ['spec.clusterIP', 'spec.type'],
    listRules: {
      'spec.ports': { patchKey: 'port', applyKeys: ['port', 'protocol'] },
      'status.conditions': CONDITIONS,
    },
  }),
  define({ group: '', plural: 'configmaps', kind: 'ConfigMap', namespaced: true, shortNames: ['cm'] }),
  define({
    group: '',
    plural: 'events',
    kind: 'Event',
    namespaced: true,
    shortNames: ['ev'],
    selectableFields: [...EVENT_FIELDS.map((name) => `involvedObject.${name}`), 'reason', 'type', 'source'],
  }),
  define({
    group: '',
    plural: 'pods',
    kind: 'Pod',
    namespaced: true,
    shortNames: ['po'],
    categories: ['all'],
    hasStatus: true,
    countsGenerations: true,
    selectableFields: ['spec.nodeName', 'spec.restartPolicy', 'status.phase', 'status.podIP'],
    listRules: { ...podLists('spec'), 'status.conditions': CONDITIONS, 'status.podIPs': { patchKey: 'ip' } },
  }),
  define({
    group: 'apps',
    plural: 'deployments',
    kind: 'Deployment',
    namespaced: true,
    shortNames: ['deploy'],
    categories: ['all'],
    hasStatus: true,
    countsGenerations: true,
    listRules: { ...podLists('spec.template.spec'), 'status.conditions': CONDITIONS },
  }),
  define({
    group: 'discovery.k8s.io',
    plural: 'endpointslices',
    kind: 'EndpointSlice',
    namespaced: true,
    countsGenerations: true,
  }),
  define({
    group: 'events.k8s.io',
    plural: 'events',
    kind: 'Event',
    namespaced: true,
    shortNames: ['ev'],
    storage: 'events',
    selectableFields: [...EVENT_FIELDS.map((name) => `regarding.${name}`), 'reason', 'type', 'reportingController'],
  }),
  define({
    group: 'networking.k8s.io',
    plural: 'servicecidrs',
    kind: 'ServiceCIDR',
    namespaced: false,
    hasStatus: true,
    listRules: { 'status.conditions': CONDITIONS },
  }),
];

/** The resource with this group and plural name, for instance (`''`, `services`). */
export function findResource(group: string, plural: string): Resource | undefined {
  return RESOURCES.find((resource) => resource.group === group && resource.plural === plural);
}

/** The resource of an object, by its `apiVersion` and `kind`. */
export function resourceOfKind(apiVersion: unknown, kind: unknown): Resource | undefined {
  return RESOURCES.find((resource) => resource.kind === kind && resource.apiVersion === apiVersion);
}

/** Group names other than the core one, in the order of the table. */
export function namedGroups(): readonly string[] {
  return [...new Set(RESOURCES.map((resource) => resource.group).filter((group) => group !== ''))];
}

function define(definition: Definition): Resource {
  return {
    version: 'v1',
    apiVersion: definition.group === '' ? 'v1' : `${definition.group}/v1`,
    singular: definition.kind.toLowerCase(),
    shortNames: [],
    categories: [],
    hasStatus: false,
    countsGenerations: false,
    storage: definition.plural,
    selectableFields: [],
    ...definition,
    listRules: { ...METADATA_LISTS, ...definition.listRules },
  };
}
