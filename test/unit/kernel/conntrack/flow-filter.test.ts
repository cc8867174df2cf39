import { describe, expect, it } from '@jest/globals';
import type { FlowTarget, TrackedFlow } from '../../../../src/kernel/drivers.ts';
import { flowFilters, flowsTo, passesFilter } from '../../../../src/kernel/conntrack/flow-filter.ts';
import { aFlow, ip } from '../../../support/builders.ts';

const target = (address: string, realServer?: string, port = 53): FlowTarget => ({
  address: ip(address),
  port,
  ...(realServer === undefined ? {} : { realServer: { address: ip(realServer), port: 5353 } }),
});
const addresses = Array.from({ length: 20 }, (_, index) => `10.96.0.${index}`);

describe('flowFilters', () => {
  it.each<[string, readonly FlowTarget[] | undefined, readonly object[]]>([
    ['all UDP flows where there are no targets', undefined, [{}]],
    ['nothing where there is nothing to look for', [], []],
    [
      'each target for itself',
      [target('10.96.0.10', '10.244.0.2'), target('10.96.0.11')],
      [
        { destination: '10.96.0.10', destinationPort: 53, replySource: '10.244.0.2', replySourcePort: 5353 },
        { destination: '10.96.0.11', destinationPort: 53 },
      ],
    ],
    [
      'none for what another one has too',
      [target('10.96.0.10', '10.244.0.2'), target('10.96.0.10')],
      [{ destination: '10.96.0.10', destinationPort: 53 }],
    ],
    [
      'real servers where there are too many targets',
      addresses.map((address) => target(address, '10.244.0.2')),
      [{ replySource: '10.244.0.2', replySourcePort: 5353 }],
    ],
    [
      'addresses where there are too many real servers',
      addresses.map((address) => target('10.96.0.10', address)),
      [{ destination: '10.96.0.10', destinationPort: 53 }],
    ],
    ['all UDP flows where everything is too many', addresses.map((address) => target(address, address)), [{}]],
    ['all UDP flows where only addresses are known, and too many', addresses.map((address) => target(address)), [{}]],
  ])('has %s', (_, targets, expected) => {
    expect(flowFilters('IPv4', targets)).toEqual(expected);
  });

  it('has only ports for IPv6, each once, and no flow twice', () => {
    const targets = [target('fd00::a', 'fd00::1'), target('fd00::b', 'fd00::2'), target('fd00::a', 'fd00::1', 54)];
    expect(flowFilters('IPv6', targets)).toEqual([
      { destinationPort: 53, replySourcePort: 5353 },
      { destinationPort: 54, replySourcePort: 5353 },
    ]);
    expect(flowFilters('IPv6', [...targets, target('fd00::c', undefined, 54)])).toEqual([
      { destinationPort: 53, replySourcePort: 5353 },
      { destinationPort: 54 },
    ]);
  });
});

describe('flowsTo', () => {
  it('tells flows by address and port', () => {
    const isWanted = flowsTo([target('10.96.0.10', '10.244.0.9'), target('10.96.0.10', undefined, 54)]);
    expect(isWanted(aFlow())).toBe(true);
    expect(isWanted(aFlow({ originalDestinationPort: 54 }))).toBe(true);
    expect(isWanted(aFlow({ originalDestinationPort: 55 }))).toBe(false);
    expect(isWanted(aFlow({ originalDestination: ip('10.96.0.11') }))).toBe(false);
    expect([flowsTo(undefined)(aFlow()), flowsTo([])(aFlow())]).toEqual([true, false]);
  });
});

describe('passesFilter', () => {
  it.each<[string, TrackedFlow, boolean]>([
    ['as asked for', aFlow(), true],
    ['to another address', aFlow({ originalDestination: ip('10.96.0.11') }), false],
    ['to another port', aFlow({ originalDestinationPort: 54 }), false],
    ['that another real server answers', aFlow({ replySource: ip('10.244.0.2') }), false],
    ['that another port answers', aFlow({ replySourcePort: 54 }), false],
  ])('a flow %s', (_, flow, passes) => {
    const { originalDestination, originalDestinationPort, replySource, replySourcePort } = aFlow();
    const filter = {
      destination: originalDestination,
      destinationPort: originalDestinationPort,
      replySource,
      replySourcePort,
    };
    expect(passesFilter(filter, flow)).toBe(passes);
    expect(passesFilter({}, flow)).toBe(true);
  });
});
