import type { Node } from '../../../src/kubernetes/objects/node.ts';
import type { NodeInputs } from '../../../src/plan/plan-node.ts';
import { describe, expect, it } from '@jest/globals';
import { planNode, sameNodeFacts } from '../../../src/plan/plan-node.ts';
import { cidr, ip, nodeFacts } from '../../support/builders.ts';

const node: Node = {
  name: 'node-1',
  addresses: ['192.168.0.10', 'fd00::10', '203.0.113.10'].map(ip),
  podCidrs: [],
  zone: 'zone-a',
  leaving: false,
};

function inputs(changes: Partial<NodeInputs> = {}): NodeInputs {
  return {
    nodeName: 'node-1',
    node,
    interfaceAddresses: ['192.168.0.10', '172.17.0.1', 'fd00::10'].map(ip),
    families: ['IPv4', 'IPv6'],
    config: { bindAddress: ip('0.0.0.0'), nodePortAddresses: [] },
    ...changes,
  };
}

const ports = (selected: 'primary' | string[], changes: Partial<NodeInputs> = {}) => {
  const nodePortAddresses = selected === 'primary' ? selected : selected.map(cidr);
  return planNode(inputs({ config: { bindAddress: ip('0.0.0.0'), nodePortAddresses }, ...changes })).nodePortAddresses;
};

describe('planNode', () => {
  it('takes name and zone as they are, and the zone as empty while the Node is unknown', () => {
    expect(planNode(inputs())).toMatchObject({ nodeName: 'node-1', zone: 'zone-a', families: ['IPv4', 'IPv6'] });
    expect(planNode(inputs({ node: undefined })).zone).toBe('');
  });

  it.each<[string, Partial<NodeInputs>, string, string]>([
    ['the first address of each family that the Node has', {}, '192.168.0.10', 'fd00::10'],
    ['loopback while the Node is unknown', { node: undefined }, '127.0.0.1', '::1'],
    [
      'loopback for a family without an address',
      { node: { ...node, addresses: [ip('fd00::10')] } },
      '127.0.0.1',
      'fd00::10',
    ],
    [
      'a bind address for its family',
      { config: { bindAddress: ip('10.9.9.9'), nodePortAddresses: [] } },
      '10.9.9.9',
      'fd00::10',
    ],
    [
      'a bind address while the Node is unknown',
      { node: undefined, config: { bindAddress: ip('fd00::9'), nodePortAddresses: [] } },
      '127.0.0.1',
      'fd00::9',
    ],
    [
      'no bind address that means all',
      { config: { bindAddress: ip('::'), nodePortAddresses: [] } },
      '192.168.0.10',
      'fd00::10',
    ],
  ])('takes for the node IP %s', (_name, changes, four, six) => {
    expect(planNode(inputs(changes)).nodeIps).toEqual({ IPv4: four, IPv6: six });
  });

  it.each<[string, 'primary' | string[], string[]]>([
    ['all without a selection', [], ['192.168.0.10', '172.17.0.1', 'fd00::10']],
    ['those in the networks', ['192.168.0.0/16', 'fd00::/64'], ['192.168.0.10', 'fd00::10']],
    ['all of a family whose networks hold everything', ['0.0.0.0/0', 'fd01::/64'], ['192.168.0.10', '172.17.0.1']],
    ['all of a family without networks', ['192.168.0.0/16'], ['192.168.0.10', 'fd00::10']],
    ['none where no address is in the networks', ['10.0.0.0/8', 'fd01::/64'], []],
    ['the node IPs when they are asked for', 'primary', ['192.168.0.10', 'fd00::10']],
  ])('serves node ports on %s', (_name, selected, expected) => {
    expect(ports(selected)).toEqual(expected);
  });

  it('serves node ports on all addresses while the node IPs that are asked for are unknown', () => {
    expect(ports('primary', { node: undefined })).toEqual(['192.168.0.10', '172.17.0.1', 'fd00::10']);
  });

  it('serves no node port on a node IP that no interface has', () => {
    expect(ports('primary', { interfaceAddresses: [ip('172.17.0.1')] })).toEqual([]);
  });

  it('serves node ports of working families only', () => {
    expect(ports([], { families: ['IPv6'] })).toEqual(['fd00::10']);
  });

  it('never takes addresses of interfaces and of the Node for addresses of Services', () => {
    expect([...planNode(inputs()).foreignAddresses].sort()).toEqual([
      '172.17.0.1',
      '192.168.0.10',
      '203.0.113.10',
      'fd00::10',
    ]);
  });
});

describe('addresses of other Nodes', () => {
  it('are known as far as the Nodes are', () => {
    const otherNodes = [{ ...node, name: 'node-2', addresses: ['192.168.0.11', 'fd00::11'].map(ip) }];
    expect([...planNode(inputs({ otherNodes })).otherNodeAddresses]).toEqual(['192.168.0.11', 'fd00::11']);
    expect(planNode(inputs()).otherNodeAddresses.size).toBe(0);
  });
});

describe('the zones that are known', () => {
  const other = (name: string, zone: string): Node => ({ ...node, name, zone });

  it('are those of the own Node and of others, where they are labelled', () => {
    const otherNodes = [other('node-2', 'zone-b'), other('node-3', ''), other('node-4', 'zone-b')];
    expect([...planNode(inputs({ otherNodes })).knownZones]).toEqual(['zone-a', 'zone-b']);
    expect([...planNode(inputs({ node: undefined })).knownZones]).toEqual([]);
  });
});

describe('sameNodeFacts', () => {
  const facts = nodeFacts();

  it('does not look at the order of addresses', () => {
    const nodePortAddresses = facts.nodePortAddresses.toReversed();
    const foreignAddresses = new Set([...facts.foreignAddresses].toReversed());
    expect(sameNodeFacts(facts, { ...facts, nodePortAddresses, foreignAddresses })).toBe(true);
  });

  it.each<[string, Parameters<typeof nodeFacts>[0]]>([
    ['zone', { zone: 'zone-b' }],
    ['known zone', { knownZones: new Set(['zone-b']) }],
    ['families', { families: ['IPv4'] }],
    ['node IPs', { nodeIps: { IPv4: ip('10.9.9.9'), IPv6: ip('fd00::10') } }],
    ['addresses for node ports', { nodePortAddresses: [] }],
    ['addresses of other Nodes', { otherNodeAddresses: new Set([ip('192.168.0.11')]) }],
    ['addresses of others', { foreignAddresses: new Set([ip('192.168.0.10'), ip('fd00::11')]) }],
  ])('sees another %s', (_name, changes) => {
    expect(sameNodeFacts(facts, nodeFacts(changes))).toBe(false);
  });
});
