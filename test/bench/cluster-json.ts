/** Objects of a synthetic cluster, as JSON of about the size a real API server sends, managed fields included. */
export interface ClusterSize {
  readonly services: number;
  readonly endpointsPerService: number;
}

const managedFields = (manager: string, fields: number) => [
  {
    manager,
    operation: 'Update',
    apiVersion: 'v1',
    time: '2024-01-01T00:00:00Z',
    fieldsType: 'FieldsV1',
    fieldsV1: Object.fromEntries(Array.from({ length: fields }, (_, field) => [`f:field${field}`, { 'f:value': {} }])),
  },
];

const metadata = (name: string, index: number, revision: number, rest: object) => ({
  name,
  namespace: `team-${index % 100}`,
  uid: `3f1d9a6e-0c1b-4f5e-9b1a-${String(index).padStart(12, '0')}`,
  resourceVersion: String(revision),
  creationTimestamp: '2024-01-01T00:00:00Z',
  ...rest,
});

export function service(index: number, revision: number): object {
  const clusterIP = `10.${96 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`;
  const rest = { labels: { app: `web-${index}` }, managedFields: managedFields('kubectl-client-side-apply', 24) };
  return {
    kind: 'Service',
    apiVersion: 'v1',
    metadata: metadata(`web-${index}`, index, revision, rest),
    spec: {
      ports: [{ name: 'http', protocol: 'TCP', port: 80, targetPort: 8080 }],
      selector: { app: `web-${index}` },
      clusterIP,
      clusterIPs: [clusterIP],
      type: 'ClusterIP',
      sessionAffinity: 'None',
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      internalTrafficPolicy: 'Cluster',
    },
    status: { loadBalancer: {} },
  };
}

export function endpointSlice(
  index: number,
  revision: number,
  endpoints: number,
  { extraPod }: { readonly extraPod?: number } = {},
): object {
  const pods = Array.from({ length: endpoints }, (_, endpoint) => index * endpoints + endpoint);
  if (extraPod !== undefined) pods.push(extraPod);
  const rest = {
    labels: { app: `web-${index}`, 'kubernetes.io/service-name': `web-${index}` },
    annotations: { 'endpoints.kubernetes.io/last-change-trigger-time': '2024-01-01T00:00:00Z' },
    ownerReferences: [{ apiVersion: 'v1', kind: 'Service', name: `web-${index}`, uid: `u-${index}`, controller: true }],
    managedFields: managedFields('kube-controller-manager', 24),
  };
  return {
    kind: 'EndpointSlice',
    apiVersion: 'discovery.k8s.io/v1',
    metadata: metadata(`web-${index}-x7k2p`, index, revision, rest),
    addressType: 'IPv4',
    ports: [{ name: 'http', protocol: 'TCP', port: 8080 }],
    endpoints: pods.map(podEndpoint),
  };
}

function podEndpoint(pod: number): object {
  return {
    addresses: [`10.${128 + (pod >> 16)}.${(pod >> 8) & 255}.${pod & 255}`],
    conditions: { ready: true, serving: true, terminating: false },
    targetRef: {
      kind: 'Pod',
      namespace: `team-${pod % 100}`,
      name: `web-${pod}-6d4b75cb6d-hx2zk`,
      uid: `9c1d9a6e-0c1b-4f5e-9b1a-${String(pod).padStart(12, '0')}`,
    },
    nodeName: `node-${pod % 1000}`,
    zone: `zone-${pod % 3}`,
  };
}
