import { addressOf, clusterIp, type Input, nodeAddress } from './service-of-input.ts';

// What the Service API and kube-proxy's sets say, stated once more and independently of the program.

type Endpoint = Input['slices'][number]['endpoints'][number];

interface Target extends Endpoint {
  readonly address: string;
  readonly port: number;
}

/** Endpoints by address and port: the later one, unless it terminates. */
function targetsOf({ slices }: Input): readonly Target[] {
  const targets = new Map<string, Target>();
  for (const { port, endpoints } of slices) {
    for (const endpoint of endpoints) {
      const target = { ...endpoint, address: addressOf(endpoint.number), port };
      if (!targets.has(keyOf(target)) || !endpoint.terminating) targets.set(keyOf(target), target);
    }
  }
  return [...targets.values()];
}

function keyOf({ address, port }: Pick<Target, 'address' | 'port'>): string {
  return `${address}:${port}`;
}

const isLocal = ({ node }: Target) => node === 'node-1';
const isLastResort = ({ serving, terminating }: Target) => serving && terminating;

/** Ready ones that this node is hinted to use; without a ready one all that serve while they terminate. */
function clusterTargets(input: Input): readonly Target[] {
  const ready = targetsOf(input).filter((target) => target.ready);
  const forNode = ready.filter(({ nodes }) => nodes?.includes('node-1'));
  const forZone = ready.filter(({ zones }) => input.zone !== '' && zones?.includes(input.zone));
  if (forNode.length > 0 && ready.every(({ nodes }) => nodes !== undefined)) return forNode;
  if (forZone.length > 0 && ready.every(({ zones }) => zones !== undefined)) return forZone;
  return ready.length > 0 ? ready : targetsOf(input).filter(isLastResort);
}

function localTargets(input: Input): readonly Target[] {
  const local = targetsOf(input).filter(isLocal);
  const ready = local.filter((target) => target.ready);
  return ready.length > 0 ? ready : local.filter(isLastResort);
}

function isExternalLocal({ external, type, externalIps }: Input): boolean {
  return external === 'Local' && (type !== 'ClusterIP' || externalIps.length > 0);
}

/** Virtual servers with their real servers: `TCP/10.96.0.20:80` to `10.244.1.5:8080`. */
export function expectedServers(input: Input): ReadonlyMap<string, readonly string[]> {
  const [cluster, local] = [clusterTargets(input), localTargets(input)];
  const external = isExternalLocal(input) && local.length > 0 ? local : cluster;
  const addresses = [...input.externalIps, ...input.ingress].map((address) => `${address}:80`);
  if (input.nodePort !== 0) addresses.push(`${nodeAddress}:${input.nodePort}`);
  const sorted = (targets: readonly Target[]) => targets.map(keyOf).sort();
  return new Map([
    [`${input.protocol}/${clusterIp}:80`, sorted(input.internal === 'Local' ? local : cluster)],
    ...addresses.map((address) => [`${input.protocol}/${address}`, sorted(external)] as const),
  ]);
}

/** All addresses but those of the node. */
export function expectedBound({ externalIps, ingress }: Input): readonly string[] {
  return [clusterIp, ...externalIps.filter((address) => address !== nodeAddress), ...ingress].sort();
}

/** Ranges that count: of IPv4, and none where one of them holds everything. */
function rangesOf({ ranges }: Input): readonly string[] {
  const ofFamily = ranges.filter((range) => !range.includes(':'));
  return ofFamily.includes('0.0.0.0/0') ? [] : ofFamily;
}

/** Load balancer addresses that processes of the node may not reach. */
export function expectedRefused(input: Input): readonly string[] {
  const ranges = rangesOf(input);
  return ranges.length === 0 || ranges.includes('192.168.0.0/16') ? [] : [...input.ingress].sort();
}

export function expectedHealthPort({ type, external, healthPort }: Input): number {
  return type === 'LoadBalancer' && external === 'Local' ? healthPort : 0;
}

export function expectedLocalReady(input: Input): number {
  const local = targetsOf(input).filter((target) => isLocal(target) && target.ready);
  return new Set(local.map(({ address }) => address)).size;
}

/** Entries of IPv4 sets: `KUBE-CLUSTER-IP 10.96.0.20,tcp:80`. */
export function expectedEntries(input: Input): readonly string[] {
  const protocol = input.protocol.toLowerCase();
  const local = isExternalLocal(input);
  const health = expectedHealthPort(input);
  const hairpins = targetsOf(input)
    .filter(isLocal)
    .map(({ address, port }) => `KUBE-LOOP-BACK ${address},${protocol}:${port},${address}`);
  return [
    ...hairpins,
    `KUBE-CLUSTER-IP ${clusterIp},${protocol}:80`,
    ...input.externalIps.map((address) => `KUBE-EXTERNAL-IP${local ? '-LOCAL' : ''} ${address},${protocol}:80`),
    ...input.ingress.flatMap((address) => balancerEntries(input, address)),
    ...(input.nodePort === 0 ? [] : nodePortEntries(input)),
    ...(health === 0 ? [] : [`KUBE-HEALTH-CHECK-NODE-PORT ${health}`]),
    ...expectedBound(input).map((address) => `KUBE-IPVS-IPS ${address}`),
  ].sort();
}

function balancerEntries(input: Input, address: string): readonly string[] {
  const portal = `${address},${input.protocol.toLowerCase()}:80`;
  const ranges = rangesOf(input);
  const ownAccess = ranges.includes('192.168.0.0/16') ? [`KUBE-LOAD-BALANCER-SOURCE-IP ${portal},${address}`] : [];
  return [
    `KUBE-LOAD-BALANCER ${portal}`,
    ...(isExternalLocal(input) ? [`KUBE-LOAD-BALANCER-LOCAL ${portal}`] : []),
    ...(ranges.length > 0 ? [`KUBE-LOAD-BALANCER-FW ${portal}`] : []),
    ...ranges.map((range) => `KUBE-LOAD-BALANCER-SOURCE-CIDR ${portal},${range}`),
    ...ownAccess,
  ];
}

function nodePortEntries(input: Input): readonly string[] {
  const { protocol, nodePort } = input;
  const isSctp = protocol === 'SCTP';
  const entry = isSctp ? `${nodeAddress},sctp:${nodePort}` : String(nodePort);
  const name = isSctp ? 'SCTP-HASH' : protocol;
  const all = `KUBE-NODE-PORT-${name} ${entry}`;
  return isExternalLocal(input) ? [all, `KUBE-NODE-PORT-LOCAL-${name} ${entry}`] : [all];
}
