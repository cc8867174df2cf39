const off: ReadonlySet<string> = new Set(['0', 'f', 'F', 'false', 'False', 'FALSE']);

/** Whether lists are streamed. Clients of Kubernetes can be told not to by `KUBE_FEATURE_WatchListClient=false`. */
export function streamsLists(environment: Readonly<Record<string, string | undefined>>): boolean {
  return !off.has(environment['KUBE_FEATURE_WatchListClient'] ?? '');
}
