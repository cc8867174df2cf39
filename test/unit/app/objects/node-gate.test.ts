import type { Node } from '../../../../src/kubernetes/objects/node.ts';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { NodeGate, usualAddressWaitMs } from '../../../../src/app/objects/node-gate.ts';
import { silentLog } from '../../../../src/observe/log.ts';
import { cidr, ip } from '../../../support/builders.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

let clock: ManualClock;
let wakes: number;
let errors: string[];

beforeEach(() => {
  clock = new ManualClock();
  wakes = 0;
  errors = [];
});

function gate(options: Partial<ConstructorParameters<typeof NodeGate>[0]> = {}): NodeGate {
  return new NodeGate({
    nodeName: 'node-1',
    addressWaitMs: usualAddressWaitMs,
    needsPodCidrs: false,
    clock,
    log: silentLog,
    onWake: () => (wakes += 1),
    onGiveUp: (error) => errors.push(error.message),
    ...options,
  });
}

function node(changes: Partial<Node> = {}): Node {
  return { name: 'node-1', addresses: [ip('192.168.0.10')], podCidrs: [], zone: '', leaving: false, ...changes };
}

describe('NodeGate', () => {
  it('opens at once when the Node has an address', () => {
    expect(gate().letsThrough(node())).toBe(true);
  });

  it.each([
    ['a Node', undefined],
    ['addresses', node({ addresses: [] })],
  ])('waits 30 seconds for %s and then goes on', async (_name, unfinished) => {
    const waiting = gate();
    expect(waiting.letsThrough(unfinished)).toBe(false);
    await clock.advance(29_999);
    expect([waiting.letsThrough(unfinished), wakes]).toEqual([false, 0]);
    await clock.advance(1);
    expect([waiting.letsThrough(unfinished), wakes]).toEqual([true, 1]);
  });

  it('opens as soon as what was missing is there, and wakes nobody later', async () => {
    const waiting = gate();
    waiting.letsThrough(undefined);
    expect(waiting.letsThrough(node())).toBe(true);
    await clock.advance(600_000);
    expect([wakes, errors]).toEqual([0, []]);
  });

  it('stays closed when what is known does not fit, and says so once', () => {
    const looked: unknown[] = [];
    const closed = gate({
      check: (found) => {
        looked.push(found?.name);
        return new Error('no support for IPv6');
      },
    });
    expect([closed.letsThrough(undefined), looked]).toEqual([false, []]);
    expect([closed.letsThrough(node()), closed.letsThrough(node()), closed.isOpen]).toEqual([false, false, false]);
    expect([looked, errors]).toEqual([['node-1'], ['no support for IPv6']]);
  });

  it('opens when the check finds nothing', () => {
    expect(gate({ check: () => undefined }).letsThrough(node())).toBe(true);
  });

  it('stays open when the Node goes', () => {
    const open = gate();
    open.letsThrough(node());
    expect(open.letsThrough(undefined)).toBe(true);
  });

  it.each([
    ['there is no Node', undefined, 'no Node of this name: see hostnameOverride'],
    ['the Node has none', node({ addresses: [] }), 'status.addresses has neither an InternalIP nor an ExternalIP'],
  ])('says why it goes on without addresses: %s', async (_name, unfinished, hint) => {
    const lines: unknown[] = [];
    const waiting = gate({ log: { ...silentLog, warning: (_message, fields) => lines.push(fields?.['hint']) } });
    waiting.letsThrough(unfinished);
    await clock.advance(30_000);
    waiting.letsThrough(unfinished);
    expect(lines).toEqual([expect.stringContaining(hint)]);
  });

  it('does not wait for addresses where nobody gives them', () => {
    expect(gate({ addressWaitMs: 0 }).letsThrough(undefined)).toBe(true);
  });
});

describe('NodeGate, when pod networks are needed', () => {
  it('does not open without them', async () => {
    const waiting = gate({ needsPodCidrs: true });
    expect(waiting.letsThrough(node())).toBe(false);
    await clock.advance(60_000);
    expect(waiting.letsThrough(node())).toBe(false);
    expect(waiting.letsThrough(node({ podCidrs: [cidr('10.244.1.0/24')] }))).toBe(true);
    await clock.advance(600_000);
    expect(errors).toEqual([]);
  });

  it('waits without end while Nodes cannot be listed, and five minutes once they can', async () => {
    let isListed = false;
    const waiting = gate({ needsPodCidrs: true, isNodeListed: () => isListed });
    waiting.letsThrough(undefined);
    await clock.advance(3_600_000);
    expect([waiting.isOpen, errors]).toEqual([false, []]);
    isListed = true;
    await clock.advance(300_000);
    expect(errors).toEqual([expect.stringContaining('timeout waiting for node node-1 to exist')]);
  });

  it.each([
    ['node node-1 to exist', undefined],
    ['PodCIDR allocation on node node-1', node()],
  ])('gives up after five and a half minutes, waiting for %s', async (what, unfinished) => {
    const waiting = gate({ needsPodCidrs: true });
    waiting.letsThrough(unfinished);
    await clock.advance(329_999);
    expect(errors).toEqual([]);
    await clock.advance(1);
    expect(errors).toEqual([`timeout waiting for ${what}; local detection by NodeCIDR needs spec.podCIDRs`]);
  });
});
