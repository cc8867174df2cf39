import type { NodeFacts } from '../../../../src/plan/node-facts.ts';
import type { ServiceKey } from '../../../../src/model/service-key.ts';
import type { Node } from '../../../../src/kubernetes/objects/node.ts';
import type { ServicePlan } from '../../../../src/plan/service-plan.ts';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { Rounds } from '../../../../src/app/rounds/rounds.ts';
import { ClusterTables } from '../../../../src/cluster/tables.ts';
import { silentLog } from '../../../../src/observe/log.ts';
import { planService } from '../../../../src/plan/plan-service.ts';
import { aService, cidr, ip, nodeFacts, planConfig } from '../../../support/builders.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

let tables: ClusterTables;
let steps: string[];
let failing: string;
let duringAudit: (serveChanges: () => Promise<void>) => Promise<void>;
let gateOpen: boolean;
let factsChanged: boolean;
let rounds: Rounds;

/** Plans as the reconciler does, writes nothing, and can fail at one step. */
function fakeReconciler() {
  const plans = new Map<ServiceKey, ServicePlan>();
  const step = (name: string) => {
    steps.push(name);
    if (failing === name) throw new Error(`${name} failed`);
  };
  return {
    desired: { plan: (key: ServiceKey) => plans.get(key) },
    drainingCount: 0,
    audit: async (serveChanges: () => Promise<void>) => {
      step('audit');
      await duringAudit(serveChanges);
    },
    replanRules: () => step('replanRules'),
    plan: async (keys: Iterable<ServiceKey>, facts: NodeFacts) => {
      step('plan');
      for (const key of keys) {
        const service = tables.service(key);
        if (service === undefined) plans.delete(key);
        else plans.set(key, planService({ service, slices: [] }, facts, planConfig()));
      }
    },
    apply: async () => step('apply'),
  };
}

function node(changes: Partial<Node> = {}): Node {
  return { name: 'node-1', addresses: [ip('192.168.0.10')], podCidrs: [], zone: '', leaving: false, ...changes };
}

beforeEach(() => {
  tables = new ClusterTables(() => {});
  steps = [];
  failing = '';
  duringAudit = async () => {};
  gateOpen = true;
  factsChanged = false;
  rounds = new Rounds({
    tables,
    gate: { letsThrough: () => gateOpen },
    tracker: { nodeName: 'node-1', update: async () => ({ facts: nodeFacts(), changed: factsChanged }) },
    reconciler: fakeReconciler(),
    follower: ({ key, service, plan }) => steps.push(`${key} ${service ? 'planned' : 'gone'} ${plan ? 'yes' : 'no'}`),
    listener: {
      nodeSeen: (leaving) => steps.push(`node leaving ${leaving}`),
      started: () => steps.push('started'),
      succeeded: () => steps.push('succeeded'),
      ended: () => steps.push('ended'),
    },
    clock: new ManualClock(),
    log: silentLog,
  });
});

function fill(): void {
  tables.replaceServices([aService(), aService({ name: 'db' })]);
  tables.replaceEndpointSlices([]);
}

const firstRound = ['audit', 'started', 'replanRules', 'plan', 'default/web planned yes', 'default/db planned yes'];

describe('a round', () => {
  it('plans what changed, tells of it, and applies it', async () => {
    fill();
    await rounds.run();
    expect(steps).toEqual([...firstRound, 'apply', 'succeeded', 'ended']);
    steps.length = 0;
    tables.deleteService(aService().key);
    await rounds.run();
    expect(steps).toEqual(['audit', 'started', 'plan', 'default/web gone no', 'apply', 'succeeded', 'ended']);
  });

  it('serves what changes during an audit before the audit goes on', async () => {
    fill();
    await rounds.run();
    steps.length = 0;
    duringAudit = async (serveChanges) => {
      await serveChanges();
      tables.updateService(aService());
      await serveChanges();
      steps.push('audit goes on');
    };
    await rounds.run();
    const served = ['started', 'plan', 'default/web planned yes', 'apply', 'succeeded'];
    const rest = ['started', 'plan', 'apply', 'succeeded', 'ended'];
    expect(steps).toEqual(['audit', ...served, 'audit goes on', ...rest]);
  });

  it('plans everything when the facts of the node changed, or when asked to', async () => {
    fill();
    await rounds.run();
    for (const change of [() => (factsChanged = true), () => rounds.replanAll()]) {
      steps.length = 0;
      factsChanged = false;
      change();
      await rounds.run();
      expect(steps.filter((each) => each.includes('planned'))).toHaveLength(2);
    }
  });

  it.each(['before both listings', 'before the gate opens'])('does nothing %s', async (when) => {
    if (when === 'before both listings') tables.replaceServices([aService()]);
    else fill();
    gateOpen = when === 'before both listings';
    await rounds.run();
    expect(steps).toEqual([]);
  });

  it('tells of the Node even while it waits, once per change', async () => {
    tables.updateNode(node());
    await rounds.run();
    tables.updateNode(node({ zone: 'a' }));
    await rounds.run();
    tables.updateNode(node({ leaving: true }));
    await rounds.run();
    expect(steps).toEqual(['node leaving false', 'node leaving true']);
  });

  it('plans the rules again when the pod networks of the Node change, and only then', async () => {
    fill();
    tables.updateNode(node());
    await rounds.run();
    steps.length = 0;
    tables.updateNode(node({ zone: 'a' }));
    await rounds.run();
    expect(steps).not.toContain('replanRules');
    tables.updateNode(node({ podCidrs: [cidr('10.244.1.0/24')] }));
    await rounds.run();
    expect(steps).toContain('replanRules');
  });
});

describe('a round that fails', () => {
  it.each(['audit', 'plan'])('at %s leaves the Services to the next one', async (step) => {
    fill();
    failing = step;
    await expect(rounds.run()).rejects.toThrow(`${step} failed`);
    expect(steps.at(-1)).toBe('ended');
    expect(steps).not.toContain('succeeded');
    failing = '';
    steps.length = 0;
    await rounds.run();
    expect(steps).toEqual(expect.arrayContaining(['default/web planned yes', 'default/db planned yes', 'succeeded']));
  });

  it('at apply does not count as one that succeeded', async () => {
    fill();
    failing = 'apply';
    await expect(rounds.run()).rejects.toThrow('apply failed');
    expect(steps.slice(-2)).toEqual(['apply', 'ended']);
  });
});
