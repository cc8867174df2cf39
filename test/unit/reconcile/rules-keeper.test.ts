import type { RulesDriver } from '../../../src/kernel/drivers.ts';
import type { RuleSet } from '../../../src/model/rule-set.ts';
import type { SetRole } from '../../../src/plan/ip-sets.ts';
import type { RuleInputs } from '../../../src/reconcile/rules-keeper.ts';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { RulesKeeper } from '../../../src/reconcile/rules-keeper.ts';
import { FakeKernel } from '../../support/fake-kernel.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { RecordingObserver } from '../../support/recording-observer.ts';

let kernel: FakeKernel;
let clock: ManualClock;
let observer: RecordingObserver;
let keeper: RulesKeeper;
let reads: number;
let readFails: boolean;
/** What the rules follow from besides the inputs. */
let extraRules: string[];

beforeEach(() => {
  kernel = new FakeKernel();
  clock = new ManualClock();
  observer = new RecordingObserver();
  readFails = false;
  extraRules = [];
  keeper = start();
});

/** A process that knows nothing of what earlier ones wrote. */
function start(): RulesKeeper {
  reads = 0;
  const read = () => {
    reads++;
    if (readFails) throw new Error('iptables-save: exit 4');
  };
  const driver: RulesDriver = {
    ...kernel.rulesDriver,
    compare: async (rules) => {
      read();
      return await kernel.rulesDriver.compare(rules);
    },
    apply: async (rules) => {
      read();
      return await kernel.rulesDriver.apply(rules);
    },
  };
  return new RulesKeeper({ driver, planRules: async (inputs) => plan(inputs), clock, observer });
}

function plan({ family, filledRoles }: RuleInputs): RuleSet {
  const rules = [...filledRoles, ...extraRules].sort();
  return { family, chains: [{ table: 'nat', name: 'KUBE-SERVICES', rules }], jumps: [] };
}

const inputs = (family: 'IPv4' | 'IPv6' = 'IPv4', ...filled: SetRole[]): RuleInputs => ({
  family,
  filledRoles: new Set(filled),
  outputFilters: [],
  missingRoles: new Set(),
  version: filled.join(' '),
});

describe('RulesKeeper', () => {
  it('writes rules that are not there', async () => {
    await keeper.apply(inputs());
    expect(kernel.writes).toEqual(['rules IPv4']);
    expect(observer.lines).toEqual(['applied rules 1']);
  });

  it('writes nothing after a restart when all is in place', async () => {
    await keeper.apply(inputs());
    keeper = start();
    await keeper.apply(inputs());
    expect(kernel.writes).toHaveLength(1);
    expect(observer.heard('applied')).toHaveLength(1);
  });

  it('neither reads nor writes while their shape stays', async () => {
    await keeper.apply(inputs());
    await keeper.apply(inputs());
    expect([reads, kernel.writes.length]).toEqual([1, 1]);
  });

  it('writes them again when their shape changes, each family by itself', async () => {
    await keeper.apply(inputs('IPv4'));
    await keeper.apply(inputs('IPv6'));
    await keeper.apply(inputs('IPv4', 'clusterIp'));
    await keeper.apply(inputs('IPv6'));
    expect(kernel.writes).toEqual(['rules IPv4', 'rules IPv6', 'rules IPv4']);
  });

  it('plans them again when told, and writes only what came out different', async () => {
    await keeper.apply(inputs());
    keeper.replan();
    await keeper.apply(inputs());
    expect(kernel.writes).toHaveLength(1);
    extraRules = ['podCidr'];
    await keeper.apply(inputs());
    expect(kernel.writes).toHaveLength(1);
    keeper.replan();
    await keeper.apply(inputs());
    expect(kernel.writes).toHaveLength(2);
  });

  it('finds in an audit what somebody else changed, and writes it again', async () => {
    await keeper.apply(inputs());
    expect(await keeper.audit('IPv4')).toBe(0);
    kernel.rules.clear();
    expect(await keeper.audit('IPv4')).toBe(1);
    await keeper.apply(inputs());
    expect(kernel.writes).toHaveLength(2);
    expect(await keeper.audit('IPv4')).toBe(0);
  });

  it('audits nothing that was never in place', async () => {
    expect(await keeper.audit('IPv4')).toBe(0);
    expect(reads).toBe(0);
  });

  it('tries again with back-off what could not be written', async () => {
    kernel.failWhen = (description) => description === 'rules IPv4';
    await keeper.apply(inputs());
    await keeper.apply(inputs('IPv6'));
    expect(observer.heard('failed')).toEqual(['failed rules IPv4']);
    expect(kernel.writes).toEqual(['rules IPv6']);
    kernel.failWhen = () => false;
    await keeper.apply(inputs());
    expect(kernel.writes).toHaveLength(1);
    await clock.advance(500);
    await keeper.apply(inputs());
    expect(kernel.writes).toEqual(['rules IPv6', 'rules IPv4']);
    expect(observer.heard('recovered')).toEqual(['recovered rules IPv4']);
    expect(keeper.attempts.failedCount).toBe(0);
  });

  it('counts no write after a failure where it had been written all the same', async () => {
    await keeper.apply(inputs());
    kernel.failWhen = () => true;
    await keeper.apply(inputs('IPv4', 'clusterIp'));
    kernel.failWhen = () => false;
    kernel.rules.set('IPv4', JSON.stringify(plan(inputs('IPv4', 'clusterIp'))));
    await clock.advance(500);
    await keeper.apply(inputs('IPv4', 'clusterIp'));
    expect(kernel.writes).toHaveLength(1);
    expect(observer.heard('applied')).toHaveLength(1);
    expect(keeper.attempts.failedCount).toBe(0);
  });

  it('does not hold up others when the rules cannot be read: an audit reports that and lets `apply` try again', async () => {
    await keeper.apply(inputs());
    readFails = true;
    expect(await keeper.audit('IPv4')).toBe(0);
    expect(observer.heard('failed')).toEqual(['failed rules IPv4']);
    await clock.advance(500);
    await keeper.apply(inputs());
    expect(observer.heard('failed')).toHaveLength(2);
    readFails = false;
    await clock.advance(1_000);
    await keeper.apply(inputs());
    expect(observer.heard('recovered')).toEqual(['recovered rules IPv4']);
    expect(kernel.writes).toHaveLength(1);
  });
});
