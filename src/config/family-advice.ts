import type { Cidr, IpAddress, IpFamily } from '../model/ip.ts';
import type { ListenAddress, ProxyConfig } from './config.ts';
import { familyOf, isLoopback } from '../model/ip.ts';

/** What the node and the cluster turned out to be. */
export interface FamilyFacts {
  /** Families that work on this node; at least one. */
  readonly supported: readonly IpFamily[];
  /** Addresses of the Node, the first one first; empty while it has none. */
  readonly nodeAddresses: readonly IpAddress[];
  /** Pod networks of the Node. */
  readonly podCidrs: readonly Cidr[];
}

/** What is to be said about a configuration and the families of the node. */
export interface FamilyAdvice {
  readonly primary: IpFamily;
  /** Why the program cannot run. */
  readonly fatal: string | undefined;
  /** What is probably not meant so. */
  readonly complaints: readonly string[];
}

type CheckedConfig = Pick<
  ProxyConfig,
  'bindAddress' | 'nodePortAddresses' | 'localDetection' | 'ipvs' | 'healthzBindAddress' | 'metricsBindAddress'
>;

/**
 * Compares the families of the configuration with those of the node. The primary family is that of a specific bind
 * address, else that of the Node's first address; where neither is known, a node with one family has that one. Pure.
 */
export function familyAdvice(config: CheckedConfig, facts: FamilyFacts): FamilyAdvice {
  const primary = primaryFamily(config, facts);
  if (!facts.supported.includes(primary)) return { primary, fatal: unsupported(primary), complaints: [] };
  const wrong: IpFamily = primary === 'IPv4' ? 'IPv6' : 'IPv4';
  const isDual = facts.supported.length > 1;
  const cluster = isDual ? `${primary} comes first in this cluster` : `this node has ${primary} only`;
  const { fatal, others } = wrongFamilies(config, facts, wrong, isDual);
  return {
    primary,
    fatal: fatal && `kube-proxy configuration is incorrect: ${cluster}, and ${fatal}`,
    complaints: [...others.map((what) => `${cluster}, and ${what}`), ...nodePortAdvice(config, facts, primary)],
  };
}

function primaryFamily({ bindAddress }: CheckedConfig, { supported, nodeAddresses }: FamilyFacts): IpFamily {
  if (isSpecific(bindAddress)) return familyOf(bindAddress);
  const [first] = nodeAddresses;
  if (first !== undefined) return familyOf(first);
  const [only] = supported;
  return supported.length === 1 && only !== undefined ? only : 'IPv4';
}

function isSpecific(address: IpAddress): boolean {
  return address !== '0.0.0.0' && address !== '::';
}

function unsupported(family: IpFamily): string {
  const program = family === 'IPv4' ? 'iptables' : 'ip6tables';
  const kernel = family === 'IPv4' ? '' : ', or the kernel has IPv6 switched off';
  return `no support for the primary IP family "${family}": ${program} does not work on this node${kernel}; the primary family is that of bindAddress, or of the first address of the Node`;
}

/** Settings all of whose entries are of the wrong family. */
function wrongFamilies(config: CheckedConfig, { podCidrs }: FamilyFacts, wrong: IpFamily, isDual: boolean) {
  const { localDetection, ipvs } = config;
  const clusterCidrs = localDetection.mode === 'ClusterCIDR' ? localDetection.clusterCidrs : [];
  const fatal: string[] = [];
  const others: string[] = [];
  if (areAll(wrong, clusterCidrs)) (isDual ? others : fatal).push(`clusterCIDRs has ${wrong} networks only`);
  if (areAll(wrong, podCidrs)) {
    (localDetection.mode === 'NodeCIDR' ? fatal : others).push(`spec.podCIDRs of the Node has ${wrong} networks only`);
  }
  if (!isDual) {
    if (areAll(wrong, ipvs.excludeCidrs)) others.push(`ipvs.excludeCIDRs has ${wrong} networks only`);
    if (isOf(wrong, config.healthzBindAddress)) others.push(`healthzBindAddress is ${wrong}`);
    if (isOf(wrong, config.metricsBindAddress)) others.push(`metricsBindAddress is ${wrong}`);
  }
  return { fatal: fatal.length > 0 ? fatal.join(', and ') : undefined, others };
}

function areAll(family: IpFamily, cidrs: readonly Cidr[]): boolean {
  return cidrs.length > 0 && cidrs.every((cidr) => familyOf(cidr) === family);
}

function isOf(family: IpFamily, listen: ListenAddress | undefined): boolean {
  return listen !== undefined && isSpecific(listen.host) && familyOf(listen.host) === family;
}

/** What upstream says about `nodePortAddresses`, at most one thing. */
function nodePortAdvice(config: CheckedConfig, facts: FamilyFacts, primary: IpFamily): readonly string[] {
  const { nodePortAddresses } = config;
  const families = nodePortAddresses === 'primary' ? primaryFamilies(config, facts) : nodePortAddresses.map(familyOf);
  if (families.length === 0) {
    return ['nodePortAddresses is not set, so node ports are served on all local IPs; consider "primary"'];
  }
  if (!families.includes(primary)) return [`nodePortAddresses has no ${primary} address`];
  const lists = [...configuredLists(config), facts.podCidrs];
  if (!isMixed(families) && lists.some((cidrs) => isMixed(cidrs.map(familyOf)))) {
    return [`the cluster has both families, and nodePortAddresses has ${primary} only`];
  }
  return [];
}

/** Families of the node's own IPs, loopback left out. */
function primaryFamilies({ bindAddress }: CheckedConfig, { nodeAddresses }: FamilyFacts): readonly IpFamily[] {
  const own = isSpecific(bindAddress) ? [bindAddress, ...nodeAddresses] : nodeAddresses;
  return own.filter((address) => !isLoopback(address)).map(familyOf);
}

function configuredLists({ localDetection, ipvs }: CheckedConfig): readonly (readonly Cidr[])[] {
  return [localDetection.mode === 'ClusterCIDR' ? localDetection.clusterCidrs : [], ipvs.excludeCidrs];
}

function isMixed(families: readonly IpFamily[]): boolean {
  return new Set(families).size > 1;
}
