import type { IpAddress } from '../../../src/model/ip.ts';
import type { ManifestObject } from './manifest-object.ts';
import type { SourceLine } from './source-line.ts';
import { ipBytes, ipFromBytes, parseIp } from '../../../src/model/ip.ts';
import { namespacedName } from './parse-object.ts';
import { ScenarioError } from './scenario-error.ts';

/** Most endpoints that the API server takes in one slice. */
const sliceSize = 1_000;

/** Reads `slices SERVICE PORT COUNT from ADDRESS NODE`: as many slices as that many endpoints need. */
export function manyEndpoints(file: string, { text, number }: SourceLine): readonly ManifestObject[] {
  const found = /^slices (\S+) (\d+) (\d+) from (\S+) (\S+)$/.exec(text);
  const first = found === null ? undefined : parseIp(found[4] ?? '');
  if (found === null || first === undefined) {
    throw new ScenarioError(file, number, 'expected "slices SERVICE PORT COUNT from ADDRESS NODE"');
  }
  const [, service = '', port, count, , nodeName] = found;
  const { namespace, name } = namespacedName(service);
  const endpoints = consecutive(first, Number(count)).map((address) => ({ addresses: [address], nodeName }));
  return Array.from({ length: Math.ceil(endpoints.length / sliceSize) }, (_, index) => ({
    kind: 'EndpointSlice',
    metadata: { namespace, name: `${name}-${index + 1}`, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    ports: [{ name: '', port: Number(port) }],
    endpoints: endpoints.slice(index * sliceSize, (index + 1) * sliceSize),
  }));
}

/** As many IPv4 addresses, each one higher than the one before. */
export function consecutive(first: IpAddress, count: number): readonly IpAddress[] {
  const start = ipBytes(first).reduce((sum, byte) => sum * 256 + byte, 0);
  return Array.from({ length: count }, (_, index) => {
    const value = start + index;
    return ipFromBytes([24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff));
  });
}
