import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createConntrackDriver } from '../../../src/kernel/conntrack/driver.ts';
import type { FlowTarget, TrackedFlow } from '../../../src/kernel/drivers.ts';
import { loadNetlinkAddon } from '../../../src/native/addon.ts';
import { openAddonTransport } from '../../../src/netlink/connection.ts';
import { netlinkProtocol } from '../../../src/netlink/constants.ts';
import { ip } from '../../support/builders.ts';
import { Shell } from '../../support/shell.ts';

const shell = new Shell();
const transport = openAddonTransport({ addon: loadNetlinkAddon(), protocol: netlinkProtocol.netfilter });
const driver = createConntrackDriver({ transport });

const insertions = [
  '-p udp -s 10.0.0.5 -d 10.96.0.10 --sport 3333 --dport 53 --reply-src 10.244.1.3 --reply-dst 10.0.0.5 --reply-port-src 5353 --reply-port-dst 3333',
  '-p udp -s 10.0.0.6 -d 10.96.0.10 --sport 3334 --dport 53 --reply-src 10.244.1.4 --reply-dst 10.0.0.6 --reply-port-src 5353 --reply-port-dst 3334',
  '-p udp -s fd00::5 -d fd00::10 --sport 4444 --dport 53 --reply-src fd00:10:244::3 --reply-dst fd00::5 --reply-port-src 5353 --reply-port-dst 4444',
  '-p tcp -s 10.0.0.5 -d 10.96.0.10 --sport 3333 --dport 53 --reply-src 10.244.1.9 --reply-dst 10.0.0.5 --reply-port-src 6443 --reply-port-dst 3333 --state ESTABLISHED',
  '-p icmp -s 10.0.0.6 -d 10.0.0.7 --icmp-type 8 --icmp-code 0 --icmp-id 77',
];
/** A flow to another address, which the second real server answers. */
const besides =
  '-p udp -s 10.0.0.7 -d 10.96.0.11 --sport 3335 --dport 53 --reply-src 10.244.1.4 --reply-dst 10.0.0.7 --reply-port-src 5353 --reply-port-dst 3335';
const first: TrackedFlow = {
  protocol: 'UDP',
  originalSource: ip('10.0.0.5'),
  originalSourcePort: 3333,
  originalDestination: ip('10.96.0.10'),
  originalDestinationPort: 53,
  replySource: ip('10.244.1.3'),
  replySourcePort: 5353,
};
const second: TrackedFlow = {
  ...first,
  originalSource: ip('10.0.0.6'),
  originalSourcePort: 3334,
  replySource: ip('10.244.1.4'),
};
const ipv6: TrackedFlow = {
  ...first,
  originalSource: ip('fd00::5'),
  originalSourcePort: 4444,
  originalDestination: ip('fd00::10'),
  replySource: ip('fd00:10:244::3'),
};

beforeAll(() => shell.run('modprobe -q nf_conntrack_netlink || true'));

beforeEach(async () => {
  await shell.run('conntrack -F');
  for (const line of insertions) await shell.run(`conntrack -I ${line} -t 120`);
});

afterAll(async () => {
  await shell.run('conntrack -F');
  shell.close();
  transport.close();
});

describe('listUdpFlows', () => {
  it('has the UDP flows of the family, and no others', async () => {
    const flows = await driver.listUdpFlows('IPv4');
    expect([...flows].sort((a, b) => a.originalSourcePort - b.originalSourcePort)).toEqual([
      identified(first),
      identified(second),
    ]);
    expect(await driver.listUdpFlows('IPv6')).toEqual([identified(ipv6)]);
  });

  it('has the kernel leave out flows to others, and flows that others answer', async () => {
    await shell.run(`conntrack -I ${besides} -t 120`);
    const to = { address: first.originalDestination, port: 53 };
    const secondServer = { address: second.replySource, port: second.replySourcePort };
    const portsOf = async (...targets: FlowTarget[]) =>
      (await driver.listUdpFlows('IPv4', targets)).map((flow) => flow.originalSourcePort).sort((a, b) => a - b);
    expect(await portsOf(to)).toEqual([3333, 3334]);
    expect(await portsOf({ ...to, realServer: secondServer })).toEqual([3334]);
    expect(await portsOf({ ...to, realServer: { ...secondServer, port: 5354 } })).toEqual([]);
    expect(await portsOf({ ...to, port: 54 }, { address: ip('10.96.0.11'), port: 53 })).toEqual([3335]);
    const ten = Array.from({ length: 10 }, (_, index) => ({ ...to, port: index + 50, realServer: secondServer }));
    expect(await portsOf(...ten)).toEqual([3334]);
  });

  it('has the kernel leave out IPv6 flows of other ports', async () => {
    const server = { address: ipv6.replySource, port: ipv6.replySourcePort };
    const to = { address: ipv6.originalDestination, port: 53, realServer: server };
    expect(await driver.listUdpFlows('IPv6', [to])).toEqual([identified(ipv6)]);
    expect(await driver.listUdpFlows('IPv6', [{ ...to, port: 54 }])).toEqual([]);
    expect(await driver.listUdpFlows('IPv6', [{ ...to, realServer: { ...server, port: 54 } }])).toEqual([]);
  });

  it('has the kernel leave out IPv4 flows of other protocols', async () => {
    await shell.run('conntrack -D -p udp');
    expect(await driver.listUdpFlows('IPv4')).toEqual([]);
  });
});

describe('deleteFlows', () => {
  it('deletes these flows and no others', async () => {
    expect(await driver.deleteFlows([first, ipv6])).toBe(2);
    expect(await sourcePorts()).toEqual(['icmp', 'tcp 3333', 'udp 3334']);
  });

  it('counts those that were there', async () => {
    const gone = { ...first, originalSourcePort: 9999 };
    expect(await driver.deleteFlows([gone, first, first, gone])).toBe(1);
    expect(await driver.deleteFlows([first])).toBe(0);
    expect(await sourcePorts()).toEqual(['icmp', 'tcp 3333', 'udp 3334', 'udp 4444']);
  });

  it('leaves a flow that has begun anew since it was listed', async () => {
    const [listed] = await driver.listUdpFlows('IPv6');
    if (listed?.id === undefined) throw new Error('the flow has no identity');
    expect(await driver.deleteFlows([{ ...listed, id: listed.id ^ 1 }])).toBe(0);
    expect(await driver.deleteFlows([listed])).toBe(1);
  });

  it('deletes what was listed', async () => {
    const flows = [...(await driver.listUdpFlows('IPv4')), ...(await driver.listUdpFlows('IPv6'))];
    expect(await driver.deleteFlows(flows)).toBe(3);
    expect(await sourcePorts()).toEqual(['icmp', 'tcp 3333']);
  });
});

function identified(flow: TrackedFlow): TrackedFlow {
  return { ...flow, id: expect.any(Number) as unknown as number };
}

/** Protocol and original source port of every flow that conntrack lists, sorted. */
async function sourcePorts(): Promise<string[]> {
  const printed = await shell.run('conntrack -L 2>/dev/null; conntrack -L -f ipv6 2>/dev/null');
  const flows = printed.split('\n').map((line) => {
    const [, protocol, port] = /^(\w+) +\d+ .*? (?:sport=(\d+)|type=)/.exec(line) ?? [];
    return [protocol, port].filter(Boolean).join(' ');
  });
  return [...new Set(flows.filter(Boolean))].sort();
}
