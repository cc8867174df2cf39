import type { ProxyEvent } from '../../../src/kubernetes/events/event.ts';
import type { EndpointSlice } from '../../../src/kubernetes/objects/endpoint-slice.ts';
import type { Node } from '../../../src/kubernetes/objects/node.ts';
import type { Service } from '../../../src/kubernetes/objects/service.ts';
import type { ServiceKey } from '../../../src/model/service-key.ts';
import { ProblemFinder } from '../../../src/app/rounds/find-problems.ts';
import { NodeTracker } from '../../../src/app/objects/node-tracker.ts';
import { ProblemBook } from '../../../src/app/rounds/problems.ts';
import { reconcileReport } from '../../../src/app/rounds/reconcile-report.ts';
import { Rounds } from '../../../src/app/rounds/rounds.ts';
import { ClusterTables } from '../../../src/cluster/tables.ts';
import { createDecoder } from '../../../src/kubernetes/objects/decoder.ts';
import { type FaultyObject, ObjectIntake } from '../../../src/kubernetes/watch/object-intake.ts';
import { ipFamilies } from '../../../src/model/ip.ts';
import { silentLog } from '../../../src/observe/log.ts';
import { createMetrics } from '../../../src/observe/metrics.ts';
import { readProcessUsage } from '../../../src/observe/process-usage.ts';
import { Reconciler } from '../../../src/reconcile/reconciler.ts';
import { ip } from '../../support/builders.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { configOf } from '../run/program.ts';
import { FakeWorld } from '../run/fake-world.ts';

/** An object as the API server, or somebody who writes manifests, has it. */
export interface RawObject {
  readonly kind: 'Service' | 'EndpointSlice' | 'Node';
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly resourceVersion?: string };
  readonly [field: string]: unknown;
}

const nodeName = 'node-1';
const build = { major: '1', minor: '36', gitVersion: '', gitCommit: '', buildDate: '', programVersion: '' };

/**
 * A node, `node-1` with the address 192.168.0.10, from raw objects to a fake kernel and to Events and metrics, wired as
 * the daemon is.
 */
export class TellingNode {
  readonly events: ProxyEvent[] = [];
  readonly #world = new FakeWorld();
  readonly #clock = new ManualClock();
  readonly #tables = new ClusterTables(() => {});
  readonly #metrics = createMetrics({ build, features: [], processUsage: readProcessUsage });
  readonly #reconciler: Reconciler;
  readonly #rounds: Rounds;
  readonly #problems: ProblemFinder;
  readonly #decoder = createDecoder();
  readonly #services: ObjectIntake<Service>;
  readonly #slices: ObjectIntake<EndpointSlice>;
  readonly #nodes: ObjectIntake<Node>;

  constructor() {
    const tables = this.#tables;
    const clock = this.#clock;
    const config = configOf({ flags: [], proxierYaml: '' });
    this.#world.kernel.nodeAddresses = [ip('192.168.0.10')];
    const book = new ProblemBook({
      log: silentLog,
      count: (reason) => this.#metrics.proxier.problemFound(reason),
      write: (event) => this.events.push(event),
    });
    this.#problems = new ProblemFinder({ book, tables, desired: () => this.#reconciler.desired, nodeName });
    const drivers = this.#world.drivers;
    this.#reconciler = new Reconciler({
      tables,
      drivers,
      config,
      families: ipFamilies,
      planRules: this.#world.planRules(config),
      clock,
      observer: reconcileReport(silentLog, this.#metrics, this.#problems, clock),
      breathe: async () => {},
    });
    this.#rounds = new Rounds({
      tables,
      gate: { letsThrough: () => true },
      tracker: new NodeTracker({ tables, driver: drivers.address, config, nodeName, families: ipFamilies }),
      reconciler: this.#reconciler,
      follower: (planned) => this.#problems.follow(planned),
      listener: { nodeSeen() {}, started() {}, succeeded() {}, ended() {} },
      clock,
      log: silentLog,
    });
    const onFaults = (object: FaultyObject) => this.#problems.faulty(object);
    const { service, endpointSlice, node } = this.#decoder;
    this.#services = new ObjectIntake({ resource: 'services', decode: service, log: silentLog, onFaults });
    this.#slices = new ObjectIntake({ resource: 'endpointslices', decode: endpointSlice, log: silentLog, onFaults });
    this.#nodes = new ObjectIntake({ resource: 'nodes', decode: node, log: silentLog, onFaults });
    tables.replaceServices([]);
    tables.replaceEndpointSlices([]);
  }

  /** Takes the objects as a watch brings them, and serves. */
  async take(objects: readonly RawObject[]): Promise<void> {
    for (const object of objects) this.#takeOne(object);
    await this.#rounds.run();
  }

  /** Compares everything with the kernel. */
  async audit(): Promise<void> {
    this.#reconciler.requestAudit();
    await this.#rounds.run();
  }

  /** What `ipvs_proxier_problems_total` says, by reason. */
  async counted(): Promise<Readonly<Record<string, number>>> {
    const text = await this.#metrics.registry.render();
    const rows = text.matchAll(/^ipvs_proxier_problems_total\{reason="(\w+)"\} (\d+)$/gm);
    return Object.fromEntries([...rows].map(([, reason = '', count]) => [reason, Number(count)]));
  }

  /** Virtual servers with their real servers, by name; a hundred and more are a number. */
  servers(): Readonly<Record<string, string>> {
    return Object.fromEntries(
      [...this.#world.kernel.servers].map(([key, { realServers }]) => {
        const names = [...realServers.keys()].sort();
        return [key, names.length < 100 ? names.join(' ') : `${names.length} servers`];
      }),
    );
  }

  /** Addresses on the interface. */
  bound(): readonly string[] {
    return [...this.#world.kernel.addresses].sort();
  }

  /** What was written since this was asked last. */
  written(): readonly string[] {
    return this.#world.kernel.writes.splice(0);
  }

  #takeOne(object: RawObject): void {
    if (object.kind === 'Node') {
      const { object: node } = this.#nodes.take(object);
      if (node !== undefined) this.#tables.updateNode(node);
    } else if (object.kind === 'Service') {
      const { key, object: service } = this.#services.take(object);
      if (service === undefined) this.#tables.deleteService(key as ServiceKey);
      else this.#tables.updateService(service);
    } else {
      const { key, object: slice } = this.#slices.take(object);
      if (slice === undefined) this.#tables.deleteEndpointSlice(key);
      else this.#tables.updateEndpointSlice(slice);
    }
  }
}
