import { invalidValue } from '../objects/field-error.ts';
import type { StatusCause } from '../objects/status.ts';
import type { ServiceSpec } from './service-object.ts';
import { needsNodePorts } from './service-object.ts';

/** Node ports of the cluster. One number belongs to one Service, whatever the protocols. */
export class NodePortRange {
  readonly #low: number;
  readonly #high: number;
  readonly #owners = new Map<number, string>();
  #next: number;

  /** @param range `<low>-<high>`, inclusive */
  constructor(range: string) {
    const bounds = /^(\d+)-(\d+)$/.exec(range);
    this.#low = Number(bounds?.[1]);
    this.#high = Number(bounds?.[2]);
    if (!(this.#low > 0 && this.#high >= this.#low && this.#high < 65_536)) {
      throw new Error(`node port range ${range} is not of the form 30000-32767`);
    }
    this.#next = this.#low + staticBand(this.#high - this.#low + 1);
  }

  /** Checks the asked node ports and fills in the missing ones, in place. Takes nothing. */
  allocate(spec: ServiceSpec, owner: string): StatusCause[] {
    const causes: StatusCause[] = [];
    const chosen = new Set<number>();
    for (const [index, port] of (spec.ports ?? []).entries()) {
      if (!port.nodePort) continue;
      const problem = this.#problem(port.nodePort, owner);
      if (problem !== undefined) causes.push(invalidValue(`spec.ports[${index}].nodePort`, port.nodePort, problem));
      chosen.add(port.nodePort);
    }
    if (causes.length > 0 || !needsNodePorts(spec)) return causes;
    return this.#fill(spec, chosen);
  }

  /** The same for `healthCheckNodePort`. */
  allocateHealthCheck(spec: ServiceSpec, owner: string): StatusCause[] {
    const field = 'spec.healthCheckNodePort';
    if (spec.healthCheckNodePort) {
      const problem = this.#problem(spec.healthCheckNodePort, owner);
      return problem === undefined ? [] : [invalidValue(field, spec.healthCheckNodePort, problem)];
    }
    const free = this.#nextFree(new Set((spec.ports ?? []).map((port) => port.nodePort ?? 0)));
    if (free === undefined) return [invalidValue(field, 0, 'failed to allocate a nodePort: range is full')];
    spec.healthCheckNodePort = free;
    return [];
  }

  take(spec: ServiceSpec, owner: string): void {
    for (const port of nodePortsOf(spec)) this.#owners.set(port, owner);
  }

  release(spec: ServiceSpec): void {
    for (const port of nodePortsOf(spec)) this.#owners.delete(port);
  }

  /** Ports with the same number and different protocols share a node port. */
  #fill(spec: ServiceSpec, chosen: Set<number>): StatusCause[] {
    const ports = spec.ports ?? [];
    for (const [index, port] of ports.entries()) {
      if (port.nodePort) continue;
      const twin = ports.find(
        (other) => other.port === port.port && other.protocol !== port.protocol && other.nodePort,
      );
      const free = twin?.nodePort ?? this.#nextFree(chosen);
      if (free === undefined) {
        return [invalidValue(`spec.ports[${index}].nodePort`, 0, 'failed to allocate a nodePort: range is full')];
      }
      port.nodePort = free;
      chosen.add(free);
    }
    return [];
  }

  #problem(port: number, owner: string): string | undefined {
    const holder = this.#owners.get(port);
    if (holder === owner) return undefined;
    if (port < this.#low || port > this.#high) {
      return `provided port is not in the valid range. The range of valid ports is ${this.#low}-${this.#high}`;
    }
    return holder === undefined ? undefined : 'provided port is already allocated';
  }

  #nextFree(chosen: ReadonlySet<number>): number | undefined {
    for (let tried = this.#low; tried <= this.#high; tried += 1) {
      const port = this.#next;
      this.#next = port === this.#high ? this.#low : port + 1;
      if (!this.#owners.has(port) && !chosen.has(port)) return port;
    }
    return undefined;
  }
}

/** Size of the lower part that is left to ports people choose: min(max(16, size/32), 128), none in small ranges. */
function staticBand(size: number): number {
  const band = Math.min(Math.max(16, Math.floor(size / 32)), 128);
  return band >= size ? 0 : band;
}

function nodePortsOf(spec: ServiceSpec): number[] {
  const ports = (spec.ports ?? []).flatMap((port) => (port.nodePort ? [port.nodePort] : []));
  return spec.healthCheckNodePort ? [...ports, spec.healthCheckNodePort] : ports;
}
