/** A Service with one TCP port, 80. */
export function service(name: string, clusterIP: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: { clusterIP, clusterIPs: [clusterIP], ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
  };
}

export function list(...items: readonly object[]): object {
  return { apiVersion: 'v1', kind: 'List', items };
}
