import { describe, expect, it } from '@jest/globals';
import { startObserving } from '../../../../src/app/serving/observing.ts';
import type { SeenRules } from '../../../../src/kernel/rules/seen-rules.ts';
import { emptyNodeView, type NodeView } from '../../../../src/app/tools/node-view.ts';
import { ClusterTables } from '../../../../src/cluster/tables.ts';
import { loadConfig } from '../../../../src/config/effective-config.ts';
import { Klog } from '../../../../src/observe/klog.ts';
import { version } from '../../../../src/app/version.ts';
import { FakeKernel } from '../../../support/fake-kernel.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { aService, ip } from '../../../support/builders.ts';

/** In small steps, so that what was promised meanwhile is done in between. */
async function pass(clock: ManualClock, milliseconds: number): Promise<void> {
  for (let left = milliseconds; left >= 0; left -= 500) {
    await clock.advance(Math.min(left, 500));
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Some methods of a driver, and no others: a write cannot even be asked for. */
function pick<Driver extends object, Name extends keyof Driver>(driver: Driver, names: readonly Name[]) {
  return Object.fromEntries(names.map((name) => [name, driver[name]])) as Pick<Driver, Name>;
}

const seen: readonly SeenRules[] = [
  {
    iptables: { family: 'IPv4', flavour: 'legacy', save: 'iptables-legacy-save', restore: 'iptables-legacy-restore' },
    hasNat: true,
    answered: new Set(),
  },
];

function setup() {
  const kernel = new FakeKernel();
  kernel.nodeAddresses = [ip('192.168.0.1')];
  const { ipvs, address, ipset, conntrack } = kernel;
  const nothing = emptyNodeView([]);
  const view: NodeView = {
    ipvs: {
      ...pick(ipvs, ['list', 'scan', 'listRealServers', 'timeouts']),
      findVirtualServer: async () => undefined,
    },
    address: {
      ...nothing.address,
      ...pick(address, ['list', 'listNodeAddresses']),
      hasInterface: async () => kernel.hasInterface,
    },
    ipset: { ...nothing.ipset, ...pick(ipset, ['list']) },
    conntrack: pick(conntrack, ['listUdpFlows']),
    rules: { families: async () => ['IPv4'], saved: async () => undefined, seen },
    sysctl: { read: () => '1' },
    sysfs: { read: () => undefined },
    absent: [],
    unread: [],
    close: () => {
      closed += 1;
    },
  };
  let closed = 0;
  const flavours: string[] = [];
  let startProgram: () => Promise<unknown> | undefined = () => undefined;
  let opening = Promise.resolve();
  const clock = new ManualClock();
  const lines: string[] = [];
  const sink = { write: (text: string) => void lines.push(...text.split('\n').filter(Boolean)) };
  const klog = new Klog({ format: 'text', verbosity: 2, vmodule: [], flushFrequencyMs: 0, sink, clock, processId: 1 });
  const invocation = loadConfig({ argv: ['--proxy-mode=ipvs'], readFile: () => '', version });
  if (invocation.kind !== 'run') throw new Error('no settings');
  const { settings } = invocation;
  const intended: ReadonlyMap<string, number>[] = [];
  const told: string[] = [];
  const tables = new ClusterTables(() => work.changed());
  const work = startObserving({
    settings,
    proxier: settings.config.proxier,
    nodeName: 'node-1',
    tables,
    gate: { letsThrough: () => true, isOpen: true },
    meter: { changesDropped: () => told.push('dropped') },
    families: ['IPv4'],
    listener: {
      queued: () => told.push('queued'),
      succeeded: () => told.push('succeeded'),
      nodeSeen: () => told.push('seen'),
    },
    klog,
    metrics: { mode: { serving: () => {}, intended: (counts) => intended.push(counts) } },
    clock,
    openView: async (flavour, _readRules, run) => {
      flavours.push(flavour);
      startProgram = () => run?.({ file: process.execPath, parameters: ['-e', ''] });
      await opening;
      return view;
    },
  });
  /** The kernel opens when the result is called. */
  const openSlowly = () => {
    let open = () => {};
    opening = new Promise((resolve) => (open = resolve));
    return () => open();
  };
  const list = () => {
    tables.replaceServices([aService({ name: 'web', clusterIps: [ip('10.96.0.10')] })]);
    tables.replaceEndpointSlices([]);
    tables.replaceNodes([]);
  };
  const pictures = () => {
    klog.flush();
    return lines.filter((line) => line.includes('on this node'));
  };
  return {
    kernel,
    clock,
    work,
    tables,
    list,
    intended,
    told,
    pictures,
    openSlowly,
    flavours,
    closed: () => closed,
    startProgram: () => startProgram(),
  };
}

describe('startObserving', () => {
  it('looks at nothing before the objects have been listed', async () => {
    const { clock, intended } = setup();
    await pass(clock, 60_000);
    expect(intended).toEqual([]);
  });

  it('tells what would be changed, and changes nothing', async () => {
    const { kernel, clock, list, intended, told, pictures, closed } = setup();
    list();
    await pass(clock, 1_000);
    expect(kernel.writes).toEqual([]);
    expect(Object.fromEntries(intended.at(-1) ?? [])).toMatchObject({
      virtualServer: 1,
      address: 1,
      interface: 1,
      ipSet: 17,
    });
    expect(pictures()).toHaveLength(1);
    expect(pictures()[0]).toContain('virtualServer=1');
    expect(told).toEqual(['dropped', 'succeeded']);
    expect(closed()).toBe(1);
  });

  it('looks again and tells only what is new', async () => {
    const { kernel, clock, list, intended, pictures } = setup();
    list();
    await pass(clock, 35_000);
    expect(intended.length).toBeGreaterThan(2);
    expect(pictures()).toHaveLength(1);
    kernel.hasInterface = true;
    await pass(clock, 15_000);
    expect(pictures()).toHaveLength(2);
    expect(intended.at(-1)?.has('interface')).toBe(false);
  });

  it('keeps what a look has shown of the rules, for the next one and for who serves', async () => {
    const { clock, list, work, flavours } = setup();
    expect(work.seen()).toEqual([]);
    list();
    await pass(clock, 35_000);
    expect(work.seen()).toEqual(seen);
    expect([...new Set(flavours)]).toEqual(['auto', 'legacy']);
  });

  it('shows nothing any more once it has ended', async () => {
    const { clock, list, intended, work } = setup();
    list();
    await pass(clock, 1_000);
    await work.stop();
    expect(intended.at(-1)?.size).toBe(0);
    const looks = intended.length;
    await pass(clock, 60_000);
    expect(intended).toHaveLength(looks);
  });

  it('does not wait for a look that is under way when it ends, and tells nothing of it', async () => {
    const { clock, list, intended, work, openSlowly, pictures } = setup();
    const open = openSlowly();
    list();
    await pass(clock, 1_000);
    await work.stop();
    open();
    await pass(clock, 1_000);
    expect(intended.map(({ size }) => size)).toEqual([0]);
    expect(pictures()).toEqual([]);
  });

  it('starts no more programs once it has ended', async () => {
    const { clock, list, work, startProgram } = setup();
    list();
    await pass(clock, 1_000);
    expect(await startProgram()).toMatchObject({ exitCode: 0 });
    await work.stop();
    await expect(startProgram()).rejects.toMatchObject({ code: 'COMMAND_ABORTED' });
  });
});
