import { isInCidr } from '../../model/ip.ts';
import { formatEndpoint } from '../../model/virtual-server.ts';
import type { ExplainFacts, KernelServerFacts, KernelVirtualServerFacts, PathFacts } from './facts.ts';
import { broken, counted, type Link, ok, suspect } from './link.ts';
import { repairOf } from './object-links.ts';

/** `10.96.0.1:80/TCP`. */
export function pathName({ address, port, protocol }: PathFacts): string {
  return `${formatEndpoint(address, port)}/${protocol}`;
}

/** Whether this node takes packets to the address at all. */
export function addressLinks(facts: ExplainFacts): readonly Link[] {
  const name = 'address';
  if (facts.paths.length === 0) {
    const remedy = 'look at nodePortAddresses, and whether the IP family of the address works here';
    return [broken(name, `Nothing of ${facts.asked} is served on node ${facts.node}`, remedy)];
  }
  return facts.paths.flatMap((path): readonly Link[] => {
    const { address, kind, heldBy, notServed } = path;
    if (notServed !== undefined) {
      const remedy = 'give the Service another address';
      return [broken(name, `The ${kind} ${address} is not served on this node (${notServed})`, remedy)];
    }
    if (heldBy !== undefined) {
      const remedy = 'give one of the two another address or port; the older one has it until then';
      return [broken(name, `${pathName(path)} belongs to the older Service ${heldBy}`, remedy)];
    }
    if (path.toBeBound && !path.bound) {
      return [broken(name, `The address ${address} is not bound to kube-ipvs0`, repairOf(facts))];
    }
    const where = path.bound ? 'on kube-ipvs0' : path.onNode ? 'on an interface of this node' : 'not on this node';
    return [ok(name, `${kind} ${address} ${where}`)];
  });
}

/** Whether the source ranges let the client in. */
export function sourceLinks({ client, service, paths }: ExplainFacts): readonly Link[] {
  const ranges = service?.sourceRanges ?? [];
  const guarded = paths.find(({ kind }) => kind === 'load balancer IP');
  if (guarded === undefined || ranges.length === 0) return [];
  const list = ranges.join(', ');
  if (client === undefined) return [ok('source ranges', `${list} may reach ${guarded.address}`)];
  const family = client.address.includes(':');
  const relevant = ranges.filter((range) => range.includes(':') === family);
  if (relevant.length === 0 || relevant.some((range) => isInCidr(client.address, range))) {
    return [ok('source ranges', `${client.address} is in ${list}`)];
  }
  const what = `loadBalancerSourceRanges (${list}) leave the client ${client.address} out`;
  return [broken('source ranges', what, 'add its network to them')];
}

/** Which address Pods see: the client's own, or that of this node. */
export function seenAddressLinks({ client, service, paths, masqueradesAll }: ExplainFacts): readonly Link[] {
  if (client === undefined || service === undefined) return [];
  const served = paths.filter(({ heldBy, notServed }) => heldBy === undefined && notServed === undefined);
  return served.map((path) => {
    const isInside = path.kind === 'cluster IP';
    const isKept = isInside ? client.kind === 'pod' && masqueradesAll !== true : service.externalPolicy === 'Local';
    const seen = isKept ? client.address : 'an address of this node';
    return ok('masquerading', `${pathName(path)}: Pods see ${seen}`);
  });
}

/** The virtual server of each path, and its real servers. */
export function serverLinks(facts: ExplainFacts): readonly Link[] {
  const served = facts.paths.filter(({ heldBy, notServed }) => heldBy === undefined && notServed === undefined);
  return served.flatMap((path) => {
    if (path.kernel === undefined) {
      return [broken('virtual server', `The kernel has no virtual server ${pathName(path)}`, repairOf(facts))];
    }
    return [virtualServerLink(path, path.kernel, facts), realServerLink(path, path.kernel, facts)];
  });
}

function virtualServerLink(path: PathFacts, kernel: KernelVirtualServerFacts, facts: ExplainFacts): Link {
  const name = 'virtual server';
  const text = `${pathName(path)} ${kernel.scheduler}${persistence(kernel.persistenceSeconds)}`;
  if (kernel.scheduler !== path.scheduler || kernel.persistenceSeconds !== path.persistenceSeconds) {
    const wanted = `${path.scheduler}${persistence(path.persistenceSeconds)}`;
    return suspect(name, `The virtual server ${text} is to be ${wanted}`, repairOf(facts));
  }
  return ok(name, text);
}

function persistence(seconds: number): string {
  return seconds === 0 ? '' : `, clients stay for ${seconds} s`;
}

function realServerLink(path: PathFacts, kernel: KernelVirtualServerFacts, facts: ExplainFacts): Link {
  const wanted = new Set(path.wanted);
  const problem =
    foreignServers(path, kernel, wanted) ??
    missingServers(path, kernel, facts) ??
    pinnedServers(path, kernel, wanted, facts) ??
    noneTakesConnections(path, kernel, facts) ??
    staleServers(path, kernel, wanted, facts) ??
    silentServers(path, kernel);
  if (problem !== undefined) return problem;
  const active = sum(kernel.realServers, ({ active: count }) => count);
  const draining = kernel.realServers.filter(({ key, weight }) => weight === 0 && !wanted.has(key)).length;
  const rest = draining === 0 ? '' : `, ${draining} draining`;
  return ok(
    name,
    `${pathName(path)}: ${path.wanted.length} take connections${rest}; ${counted(active, 'active connection')}`,
  );
}

const name = 'real servers';

/** Nothing of it is this Service's: somebody else has made it, or fills it. */
function foreignServers(
  path: PathFacts,
  { realServers }: KernelVirtualServerFacts,
  wanted: ReadonlySet<string>,
): Link | undefined {
  const own = (key: string) => wanted.has(key) || path.waiting.includes(key);
  if (path.toBeBound && path.bound) return undefined;
  if (realServers.length === 0 || wanted.size === 0 || realServers.some(({ key }) => own(key))) return undefined;
  const found = realServers[0]?.key ?? '';
  const remedy =
    'find out who made it, such as keepalived or another load balancer, and let only one of the two have the address';
  return broken(
    name,
    `The virtual server ${pathName(path)} leads to ${found}, which is no endpoint of this Service`,
    remedy,
  );
}

function missingServers(
  path: PathFacts,
  { realServers }: KernelVirtualServerFacts,
  facts: ExplainFacts,
): Link | undefined {
  const present = new Set(realServers.map(({ key }) => key));
  const missing = path.wanted.filter((key) => !present.has(key));
  const [first] = missing;
  if (first === undefined) return undefined;
  const others = missing.length === 1 ? '' : ` and ${missing.length - 1} more`;
  const report = missing.length === path.wanted.length ? broken : suspect;
  return report(
    name,
    `The virtual server ${pathName(path)} has no real server ${first}${others}, which the API server lists`,
    stale(facts),
  );
}

/** A difference to the objects while the daemon is well means that it has not heard of them. */
function stale(facts: ExplainFacts): string {
  const { processId, health, silentPort } = facts.daemon;
  const isAway = processId === undefined && health === undefined;
  const isIll = silentPort !== undefined || (health !== undefined && health.status !== 200);
  if (facts.otherProxies.length > 0 || isAway || isIll) return repairOf(facts);
  return 'ipvs-proxier has not heard of it, so look in its log for failing watches of the API server';
}

/** Clients with a template go where it leads, whatever the weight is, unless the kernel drops such templates. */
function pinnedServers(
  path: PathFacts,
  { realServers, persistenceSeconds }: KernelVirtualServerFacts,
  wanted: ReadonlySet<string>,
  { settings }: ExplainFacts,
): Link | undefined {
  if (persistenceSeconds === 0 || settings['net/ipv4/vs/expire_quiescent_template'] !== '0') return undefined;
  const pinned = realServers.find(({ key, weight, persistent }) => weight === 0 && persistent > 0 && !wanted.has(key));
  if (pinned === undefined) return undefined;
  const clients = counted(pinned.persistent, 'client');
  const what = `Session affinity keeps ${clients} of ${pathName(path)} on ${pinned.key}, which is gone`;
  return broken(name, what, 'set net.ipv4.vs.expire_quiescent_template to 1; ipvs-proxier does that at its start');
}

function noneTakesConnections(
  path: PathFacts,
  { realServers }: KernelVirtualServerFacts,
  facts: ExplainFacts,
): Link | undefined {
  if (path.wanted.length === 0 || realServers.some(({ weight }) => weight > 0)) return undefined;
  const what = `All real servers of ${pathName(path)} have weight 0, so that new connections are refused`;
  return broken(name, what, repairOf(facts));
}

/** Real servers that still take connections and are not wanted, and wanted ones that take none. */
function staleServers(
  path: PathFacts,
  { realServers }: KernelVirtualServerFacts,
  wanted: ReadonlySet<string>,
  facts: ExplainFacts,
): Link | undefined {
  const unwanted = realServers.find(({ key, weight }) => weight > 0 && !wanted.has(key));
  if (unwanted !== undefined) {
    const what = `${pathName(path)} still sends new connections to ${unwanted.key}, which is to get none`;
    return broken(name, what, stale(facts));
  }
  const quiet = realServers.find(({ key, weight }) => weight === 0 && wanted.has(key));
  if (quiet === undefined) return undefined;
  return suspect(name, `The real server ${quiet.key} of ${pathName(path)} has weight 0 and is ready`, repairOf(facts));
}

/** Packets go to it and none comes back. */
function silentServers(path: PathFacts, { realServers }: KernelVirtualServerFacts): Link | undefined {
  const isSilent = ({ connections, incomingPackets, outgoingPackets, weight }: KernelServerFacts) =>
    weight > 0 && connections >= 3 && incomingPackets >= 3 && outgoingPackets === 0;
  const silent = realServers.find(isSilent);
  if (silent === undefined || path.protocol === 'UDP') return undefined;
  const what = `${silent.key} has got ${silent.incomingPackets} packets through ${pathName(path)} and sent none back`;
  return suspect(name, what, 'its answers take another way or are dropped; look at routes, masquerading and FORWARD');
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}
