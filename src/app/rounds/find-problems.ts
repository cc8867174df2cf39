import type { ClusterTables } from '../../cluster/tables.ts';
import type { EventSubject } from '../../kubernetes/events/event.ts';
import type { FaultyObject } from '../../kubernetes/watch/object-intake.ts';
import type { ServiceHealthPort } from '../../observe/service-health.ts';
import type { PlanNote } from '../../plan/service-plan.ts';
import type { SetFill } from '../../reconcile/set-keeper.ts';
import type { DesiredState } from '../../reconcile/desired-state.ts';
import type { PlannedService } from './plan-follower.ts';
import type { Problem, ProblemBook } from './problems.ts';
import { AddressConflicts } from './address-conflicts.ts';
import type { IpFamily } from '../../model/ip.ts';
import { serviceKey, type ServiceKey } from '../../model/service-key.ts';

export interface ProblemFinderOptions {
  readonly book: Pick<ProblemBook, 'settle' | 'forget' | 'tell'>;
  readonly tables: Pick<ClusterTables, 'service'>;
  /** The plans of all Services, once there are any. */
  readonly desired: () => Pick<DesiredState, 'holderOf' | 'plan'>;
  readonly nodeName: string;
}

const reasons: Readonly<Record<PlanNote['code'], string | undefined>> = {
  addressNotBindable: 'AddressNotBindable',
  addressOfNode: 'AddressOfNode',
  addressOfOthers: 'AddressTaken',
  addressTaken: 'AddressTaken',
  addressWithoutFamily: 'AddressWithoutFamily',
  hintsForUnknownZones: 'HintsForUnknownZones',
  manyEndpoints: 'ManyEndpoints',
  noHealthCheckPort: 'NoHealthCheckNodePort',
  sliceWithoutPorts: 'SliceWithoutPorts',
  sourceRangesWithoutFamily: 'SourceRangesWithoutFamily',
  noLocalEndpoint: undefined, // how policy Local is meant to be: a metric counts it
};

/** Turns what other parts find into problems, each with the object that users look at. */
export class ProblemFinder {
  readonly #options: ProblemFinderOptions;
  readonly #conflicts: AddressConflicts;

  constructor(options: ProblemFinderOptions) {
    this.#options = options;
    const { book, tables, desired } = options;
    this.#conflicts = new AddressConflicts({
      isLost: (object, service) => isLost(desired(), object, service),
      onBegin: ({ object, holder, loser }) => {
        const service = tables.service(loser);
        if (service === undefined) return;
        const note = `${object} is also claimed by the older Service ${holder}, which has it; not served for this one`;
        book.settle(`conflict ${object} ${loser}`, serviceSubject(service.namespace, service.name, service.uid), [
          { reason: 'AddressConflict', action: 'PlanService', note, scope: 'cluster' },
        ]);
      },
      onEnd: ({ object, loser }) => book.forget(`conflict ${object} ${loser}`),
    });
  }

  /** A virtual server is another Service's. */
  conflict(object: string, holder: ServiceKey, loser: ServiceKey): void {
    this.#conflicts.note(object, holder, loser);
  }

  /** A Service has been planned: what is in its plan now is all that is wrong with it. */
  follow({ key, service, plan }: PlannedService): void {
    const { book } = this.#options;
    this.#conflicts.follow(key);
    const finding = `plan ${key}`;
    if (service === undefined || plan === undefined) return book.forget(finding);
    const subject = serviceSubject(service.namespace, service.name, service.uid);
    book.settle(finding, subject, plan.notes.flatMap(problemOfNote));
  }

  /** An object of the API has faults, or none any more. */
  faulty({ resource, key, value, problems }: FaultyObject): void {
    const finding = `decode ${resource} ${key}`;
    // What is ignored without harm, such as slices of host names, is for the log alone.
    const harmful = problems.filter((problem) => !problem.endsWith('ignored'));
    if (harmful.length === 0) return this.#options.book.forget(finding);
    const subject = this.#subjectOf(resource, key, value);
    const place = resource === 'endpointslices' ? `EndpointSlice ${key}: ` : '';
    this.#options.book.settle(
      finding,
      subject,
      harmful.map((problem) => ({
        reason: problem.includes('loadBalancerSourceRanges') ? 'InvalidSourceRange' : 'InvalidField',
        action: 'ReadObject',
        note: `${place}${problem.replace(endpointPosition, 'endpoints[]')}`,
        scope: 'cluster',
      })),
    );
  }

  /** A health check port cannot be opened. */
  portFailed({ namespace, name, service, port }: ServiceHealthPort, error: unknown): void {
    const { book, tables, nodeName } = this.#options;
    book.tell(serviceSubject(namespace, name, tables.service(service)?.uid ?? ''), {
      reason: 'FailedToStartServiceHealthcheck',
      action: 'Listen',
      note: `node ${nodeName} failed to start healthcheck "${service}" on port ${port}: ${wordsOf(error)}`,
      scope: 'node',
    });
  }

  /** Rules are left out, because the node cannot hold them. Lasts until the process ends. */
  rulesLeftOut(family: IpFamily, missing: string, lost: string): void {
    const { book, nodeName } = this.#options;
    const note = `node ${nodeName}: ${family} rules that need ${missing} are left out; what does not work: ${lost}`;
    const problem: Problem = { reason: 'RulesLeftOut', action: 'WriteRules', note, scope: 'node' };
    book.settle(`rules ${family} ${missing}`, nodeSubject(nodeName), [problem]);
  }

  /** Whether our interface is up although it should be down. */
  interfaceIsUp(isUp: boolean): void {
    const { book, nodeName } = this.#options;
    const finding = 'interface up';
    if (!isUp) return book.forget(finding);
    const words = 'somebody has set kube-ipvs0 up; it stays so, for setting it down would take its IPv6 addresses away';
    const problem: Problem = {
      reason: 'InterfaceUp',
      action: 'EnsureInterface',
      note: `node ${nodeName}: ${words}`,
      scope: 'node',
    };
    book.settle(finding, nodeSubject(nodeName), [problem]);
  }

  /** An IP set cannot be made. */
  setFailed(name: string, error: unknown): void {
    this.#aboutSet(`made ${name}`, 'IPSetFailed', `IP set ${name}: ${wordsOf(error)}`);
  }

  /** An IP set is in place after all. */
  setRecovered(name: string): void {
    this.#options.book.forget(`made ${name}`);
  }

  /** An IP set takes no more entries. Ends when it is less than four fifths full. */
  setFull(name: string): void {
    this.#aboutSet(
      `full ${name}`,
      'IPSetFull',
      `IP set ${name} is full: what is not in it is not masqueraded or let in`,
    );
  }

  /** How full a set is. One that fills up is made anew with more room. */
  setFilled({ name, entries, maxElements }: SetFill): void {
    if (entries > maxElements * 0.8) {
      const note = `IP set ${name} is more than 80 % full; it has room for ${maxElements} entries`;
      return this.#aboutSet(`fill ${name}`, 'IPSetNearlyFull', note);
    }
    this.#options.book.forget(`fill ${name}`);
    this.#options.book.forget(`full ${name}`);
  }

  #aboutSet(finding: string, reason: string, words: string): void {
    const { book, nodeName } = this.#options;
    const note = `node ${nodeName}: ${words}`;
    book.settle(finding, nodeSubject(nodeName), [{ reason, action: 'WriteIPSet', note, scope: 'node' }]);
  }

  /** The Service of a slice is where users look. */
  #subjectOf(resource: string, key: string, value: unknown): EventSubject {
    const { namespace = '', name = key, uid = '', labels } = metadataOf(value, key);
    if (resource === 'nodes') return nodeSubject(key);
    if (resource === 'services') return serviceSubject(namespace, name, uid);
    const owner = labels?.['kubernetes.io/service-name'];
    const service = owner === undefined ? undefined : this.#options.tables.service(serviceKey(namespace, owner));
    if (service !== undefined) return serviceSubject(service.namespace, service.name, service.uid);
    return { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', namespace, name, uid };
  }
}

/** Changes as other endpoints come and go: the same fault would be told again and again. */
const endpointPosition = /\bendpoints\[\d+\]/;

/** Whether the Service wants the virtual server and another one holds it. */
function isLost(desired: Pick<DesiredState, 'holderOf' | 'plan'>, object: string, service: ServiceKey): boolean {
  const wanted = desired.plan(service)?.virtualServers.find(({ virtualServer }) => virtualServer.key === object);
  return wanted !== undefined && desired.holderOf(wanted.virtualServer.key) !== service;
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function problemOfNote({ code, message }: PlanNote): readonly Problem[] {
  const reason = reasons[code];
  const scope = code === 'addressTaken' ? 'node' : 'cluster';
  return reason === undefined ? [] : [{ reason, action: 'PlanService', note: message, scope }];
}

interface Metadata {
  readonly namespace?: string;
  readonly name?: string;
  readonly uid?: string;
  readonly labels?: Readonly<Record<string, string | undefined>>;
}

/** What an object of the API server says of itself; it need not be well-formed otherwise. */
function metadataOf(value: unknown, key: string): Metadata {
  const [namespace = '', name] = key.split('/');
  const metadata = (value as { readonly metadata?: Metadata } | null | undefined)?.metadata;
  return { ...(name === undefined ? { name: key } : { namespace, name }), ...metadata };
}

function serviceSubject(namespace: string, name: string, uid: string): EventSubject {
  return { apiVersion: 'v1', kind: 'Service', namespace, name, uid };
}

/** Events of Nodes carry no UID, as upstream has it. */
export function nodeSubject(name: string): EventSubject {
  return { apiVersion: 'v1', kind: 'Node', namespace: '', name, uid: '' };
}
