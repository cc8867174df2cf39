import type { KubernetesObject } from '../objects/kubernetes-object.ts';
import { keyOf } from '../objects/kubernetes-object.ts';
import { invalidValue } from '../objects/field-error.ts';
import type { StatusCause } from '../objects/status.ts';
import type { IpFamily } from './ip-range.ts';
import { canonicalAddress, familyOf, IpRange } from './ip-range.ts';
import { NodePortRange } from './node-port-range.ts';
import type { ServiceSpec } from './service-object.ts';
import { hasClusterIp, isHeadless, mayHaveNodePorts, needsHealthCheckNodePort, serviceSpec } from './service-object.ts';

export interface ServiceAllocationOptions {
  /** One or two ranges, the first of the cluster's primary family. */
  readonly serviceCidrs: readonly string[];
  /** `<low>-<high>`. */
  readonly nodePortRange: string;
}

/** Address families, cluster IPs and node ports of all Services: who has what, and what is free. */
export class ServiceAllocation {
  readonly #ranges: readonly IpRange[];
  readonly #nodePorts: NodePortRange;
  /** Canonical address to the Service that has it. */
  readonly #addressOwners = new Map<string, string>();

  constructor(options: ServiceAllocationOptions) {
    this.#ranges = options.serviceCidrs.map((cidr) => new IpRange(cidr));
    const families = new Set(this.#ranges.map((range) => range.family));
    if (this.#ranges.length === 0 || families.size !== this.#ranges.length) {
      throw new Error('serviceCidrs needs one range, or one of each family');
    }
    this.#nodePorts = new NodePortRange(options.nodePortRange);
  }

  /** The families of the cluster, primary one first. */
  get families(): readonly IpFamily[] {
    return this.#ranges.map((range) => range.family);
  }

  /** The address of the `kubernetes` Service. */
  get firstAddress(): string {
    return this.#ranges[0]?.first ?? '';
  }

  /**
   * Fills families, cluster IPs and node ports in place and returns what is wrong with the asked ones. Nothing is
   * taken yet: `commit` does that, so that a dry run or a refused object leaves no trace.
   */
  allocate(service: KubernetesObject, previous: KubernetesObject | undefined): StatusCause[] {
    const spec = serviceSpec(service);
    const before = previous === undefined ? undefined : serviceSpec(previous);
    const owner = keyOf(service);
    const causes = hasClusterIp(spec) ? this.#allocateAddresses(spec, before, owner) : [];
    if (mayHaveNodePorts(spec)) causes.push(...this.#nodePorts.allocate(spec, owner));
    if (needsHealthCheckNodePort(spec)) causes.push(...this.#nodePorts.allocateHealthCheck(spec, owner));
    return causes;
  }

  /** Records what a stored Service has; undefined as `next` gives everything back. */
  commit(previous: KubernetesObject | undefined, next: KubernetesObject | undefined): void {
    if (previous !== undefined) {
      for (const address of addressesOf(previous)) this.#addressOwners.delete(address);
      this.#nodePorts.release(serviceSpec(previous));
    }
    if (next === undefined) return;
    for (const address of addressesOf(next)) this.#addressOwners.set(address, keyOf(next));
    this.#nodePorts.take(serviceSpec(next), keyOf(next));
  }

  #allocateAddresses(spec: ServiceSpec, before: ServiceSpec | undefined, owner: string): StatusCause[] {
    const causes = this.#chooseFamilies(spec, before);
    if (causes.length > 0) return causes;
    if (isHeadless(spec)) {
      spec.clusterIP = 'None';
      spec.clusterIPs = ['None'];
      return [];
    }
    const addresses = spec.clusterIPs ?? [];
    const families = spec.ipFamilies ?? [];
    const wanted = families.map((family, index) => this.#chooseAddress(family, addresses[index], owner, addresses));
    const refused = wanted.flatMap((choice) => ('cause' in choice ? [choice.cause] : []));
    if (refused.length > 0) return refused;
    spec.clusterIPs = wanted.flatMap((choice) => ('address' in choice ? [choice.address] : []));
    spec.clusterIP = spec.clusterIPs[0] ?? '';
    return [];
  }

  /** Completes `ipFamilyPolicy` and `ipFamilies`: from the asked families, else from the asked addresses. */
  #chooseFamilies(spec: ServiceSpec, before: ServiceSpec | undefined): StatusCause[] {
    const asked = spec.ipFamilies ?? [];
    const fromAddresses = (spec.clusterIPs ?? []).map(familyOf).filter((family) => family !== undefined);
    const unknown = asked.findIndex((family) => !this.families.includes(family));
    if (unknown !== -1)
      return [invalidValue(`spec.ipFamilies[${unknown}]`, asked[unknown], 'not configured on this cluster')];
    const selectorless = isHeadless(spec) && Object.keys(spec.selector ?? {}).length === 0;
    const two = asked.length === 2 || fromAddresses.length === 2;
    spec.ipFamilyPolicy ??= two || (selectorless && this.families.length === 2) ? 'RequireDualStack' : 'SingleStack';
    if (spec.ipFamilyPolicy === 'RequireDualStack' && this.families.length < 2) {
      return [
        invalidValue(
          'spec.ipFamilyPolicy',
          spec.ipFamilyPolicy,
          'this cluster is not configured for dual-stack services',
        ),
      ];
    }
    const wasSingle = (before?.ipFamilyPolicy ?? 'SingleStack') === 'SingleStack';
    if (spec.ipFamilyPolicy === 'SingleStack' && two && wasSingle) {
      return [
        invalidValue(
          'spec.ipFamilyPolicy',
          'SingleStack',
          "must be RequireDualStack or PreferDualStack when multiple 'ipFamilies' are specified",
        ),
      ];
    }
    const first = fromAddresses[0] ?? asked[0] ?? this.families[0] ?? 'IPv4';
    const others = this.families.filter((family) => family !== first);
    spec.ipFamilies = spec.ipFamilyPolicy === 'SingleStack' ? [first] : [first, ...others];
    return [];
  }

  #chooseAddress(
    family: IpFamily,
    asked: string | undefined,
    owner: string,
    all: readonly string[],
  ): { address: string } | { cause: StatusCause } {
    const range = this.#ranges.find((candidate) => candidate.family === family);
    if (asked === undefined || asked === '') {
      const address = range?.nextFree((candidate) => this.#addressOwners.has(candidate));
      if (address !== undefined) return { address };
      return { cause: invalidValue('spec.clusterIPs', [], `failed to allocate a serviceIP: range is full`) };
    }
    const refuse = (why: string) => ({
      cause: invalidValue('spec.clusterIPs', all, `failed to allocate IP ${asked}: ${why}`),
    });
    const holder = this.#addressOwners.get(canonicalAddress(asked));
    if (holder === owner) return { address: asked };
    if (range === undefined || !range.contains(asked)) {
      return refuse(`provided IP is not in the valid range. The range of valid IPs is ${range?.cidr ?? family}`);
    }
    return holder === undefined ? { address: asked } : refuse('provided IP is already allocated');
  }
}

function addressesOf(service: KubernetesObject): string[] {
  return (serviceSpec(service).clusterIPs ?? []).filter((address) => address !== 'None').map(canonicalAddress);
}
