import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type ApiObject,
  endpointSlices,
  serviceObject,
  type ServiceTemplate,
  terminating,
} from '../../support/node-world/cluster-objects.ts';
import { LabProxier } from '../../support/node-world/lab-proxier.ts';
import { nodeAddresses, podAddresses } from '../../support/node-world/network.ts';
import { NodeWorld } from '../../support/node-world/node-world.ts';

const http = (nodePort = 0) => [{ name: 'http', port: 80, ...(nodePort === 0 ? {} : { nodePort }) }];

const ranged: ServiceTemplate = {
  name: 'ranged',
  type: 'LoadBalancer',
  clusterIPs: ['10.96.0.10'],
  ports: http(30_010),
  ingress: ['198.51.100.10'],
  spec: { loadBalancerSourceRanges: ['192.168.7.100/32'] },
};
/** The node is in its range, the client outside is not. */
const nodeOnly: ServiceTemplate = {
  ...ranged,
  name: 'node-only',
  clusterIPs: ['10.96.0.20'],
  ports: http(30_020),
  ingress: ['198.51.100.20'],
  spec: { loadBalancerSourceRanges: [`${nodeAddresses.IPv4}/32`, `${podAddresses.d.IPv4}/32`] },
};
const sticky: ServiceTemplate = {
  name: 'sticky',
  clusterIPs: ['10.96.0.30'],
  ports: http(),
  spec: { sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 600 } } },
};
const web: ServiceTemplate = { name: 'web', clusterIPs: ['10.96.0.40'], ports: http() };
const dns: ServiceTemplate = {
  name: 'dns',
  clusterIPs: ['10.96.0.50'],
  ports: [{ name: 'dns', port: 53, protocol: 'UDP' }],
};

let world: NodeWorld;
let proxier: LabProxier;

/** All Services; those that are about endpoints that go have the endpoints given. */
function objects(slices: readonly ApiObject[]): readonly ApiObject[] {
  return [
    ...[ranged, nodeOnly, sticky, web, dns].map(serviceObject),
    ...endpointSlices(ranged, ['a']),
    ...endpointSlices(nodeOnly, ['a']),
    ...endpointSlices(sticky, ['a', 'b', 'c']),
    ...slices,
  ];
}

const both = [...endpointSlices(web, ['a', 'b']), ...endpointSlices(dns, ['a', 'b'])];

/** Long enough for any machine to see what drains, until the test puts the other one into force. */
const patience = { drain: { deadline: '1h', udpGrace: '1h' } };
const impatience = { drain: { deadline: '1s', udpGrace: '1s' } };

beforeAll(async () => {
  world = await NodeWorld.open();
  await world.node.listen({ tcp: [8888] });
  proxier = await LabProxier.start({ objects: objects(both), programs: world.programs, settings: patience });
});

afterAll(async () => {
  await proxier.stop();
  await world.close();
});

describe('what else listens on the node', () => {
  it('is reached through its own address', async () => {
    expect(await world.outside.ask(nodeAddresses.IPv4, 8888)).toEqual(['node 192.168.7.100']);
  });

  it.each(['10.96.0.10', '198.51.100.10'])('is refused through service address %s', async (address) => {
    expect(await world.outside.ask(address, 8888)).toEqual(['ECONNREFUSED']);
    expect(await world.pods.d.ask(address, 8888)).toEqual(['ECONNREFUSED']);
  });
});

describe('host ports', () => {
  /** As the plugin for host ports has them: port 80 of every local address leads to pod d, before anything else. */
  const hostPort = (action: 'A' | 'D', place: string) => `
iptables-nft -w -t nat -${action} CNI-HOSTPORT-DNAT -p tcp --dport 80 -j DNAT --to-destination ${podAddresses.d.IPv4}:8080
iptables-nft -w -t nat ${place} -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT`;

  it('are those of the node, not of service addresses, although their rules were put in front', async () => {
    await world.shell.run(`iptables-nft -w -t nat -N CNI-HOSTPORT-DNAT${hostPort('A', '-I PREROUTING')}`);
    await proxier.audit();
    expect(await world.outside.ask(nodeAddresses.IPv4, 80)).toEqual(['d 192.168.7.100']);
    expect(await world.outside.ask('198.51.100.10', 80)).toEqual(['a 10.244.1.1']);
    const answers = await world.outside.ask('10.96.0.40', 80, { count: 4 });
    expect([...new Set(answers)].sort()).toEqual(['a 10.244.1.1', 'b 10.244.1.1']);
    await world.shell.run(`${hostPort('D', '-D PREROUTING')}\niptables-nft -w -t nat -X CNI-HOSTPORT-DNAT`);
  });
});

describe('source ranges of a load balancer address', () => {
  const who = () => ({ outside: world.outside, pod: world.pods.d, node: world.node });

  it.each([
    ['198.51.100.10', 'outside', 'a 10.244.1.1'],
    ['198.51.100.10', 'pod', 'silence'],
    ['198.51.100.10', 'node', 'silence'],
    ['198.51.100.20', 'outside', 'silence'],
    ['198.51.100.20', 'pod', 'a 10.244.1.1'],
    ['198.51.100.20', 'node', 'a 10.244.1.1'],
  ] as const)('%s from %s: %s', async (address, client, answer) => {
    const options = answer === 'silence' ? { timeoutMs: 1_500 } : {};
    expect(await who()[client].ask(address, 80, options)).toEqual([answer]);
  });

  it('do not limit the cluster IP and the node port', async () => {
    expect(await world.pods.d.ask('10.96.0.10', 80)).toEqual([`a ${podAddresses.d.IPv4}`]);
    expect(await world.pods.d.ask(nodeAddresses.IPv4, 30_010)).toEqual(['a 10.244.1.1']);
  });
});

describe('session affinity', () => {
  it('keeps each client with its endpoint', async () => {
    const clients = [world.outside, world.node, world.pods.d];
    const chosen = new Set<string>();
    for (const client of clients) {
      const [first = '', ...others] = names(await client.ask('10.96.0.30', 80, { count: 6 }));
      expect(others).toEqual([]);
      chosen.add(first);
    }
    expect(chosen.size).toBe(3);
  });
});

describe('an endpoint that goes', () => {
  it('keeps its connection while it terminates, and takes no new one; coming back, it takes new ones again', async () => {
    const dialogue = await openTo('a');
    await proxier.publish(
      objects([...endpointSlices(web, [terminating('a'), 'b']), ...endpointSlices(dns, ['a', 'b'])]),
    );
    expect(names(await world.pods.d.ask('10.96.0.40', 80, { count: 4 }))).toEqual(['b']);
    expect(await dialogue.say('still there?')).toBe('still there?');
    await proxier.publish(objects(both));
    expect(names(await world.pods.d.ask('10.96.0.40', 80, { count: 4 }))).toEqual(['a', 'b']);
    expect(await dialogue.say('and now?')).toBe('and now?');
    await dialogue.close();
  });

  it('keeps its connection until the deadline once it is gone', async () => {
    const dialogue = await openTo('a');
    await proxier.publish(objects([...endpointSlices(web, ['b']), ...endpointSlices(dns, ['a', 'b'])]));
    expect(await dialogue.say('draining?')).toBe('draining?');
    expect(await realServers('-t 10.96.0.40:80')).toMatch(/10\.244\.1\.11:8080 .* Masq +0 /);
    proxier.reconfigure(impatience);
    await until(async () => !(await realServers('-t 10.96.0.40:80')).includes('10.244.1.11'));
    expect(await dialogue.say('over?', 1_500)).not.toBe('over?');
    expect(names(await world.pods.d.ask('10.96.0.40', 80, { count: 3 }))).toEqual(['b']);
    proxier.reconfigure(patience);
    await proxier.publish(objects(both));
  });

  it('loses its UDP clients after the grace time, also those that keep their port', async () => {
    const dialogue = await world.pods.d.open('10.96.0.50', 53, { protocol: 'UDP' });
    const first = dialogue.greeting.split(' ')[0] as 'a' | 'b';
    const other = first === 'a' ? 'b' : 'a';
    await proxier.publish(objects([...endpointSlices(web, ['a', 'b']), ...endpointSlices(dns, [other])]));
    expect(await dialogue.say('?')).toMatch(new RegExp(`^${first} `));
    proxier.reconfigure(impatience);
    await until(async () => (await dialogue.say('?', 1_000)).startsWith(other));
    expect(names([await dialogue.say('?'), await dialogue.say('?')])).toEqual([other]);
    await dialogue.close();
    proxier.reconfigure(patience);
    await proxier.publish(objects(both));
  });

  it('leaves with its virtual server when the Service goes', async () => {
    proxier.reconfigure(impatience); // connections that were closed a moment ago keep it otherwise
    await proxier.publish(objects(endpointSlices(dns, ['a', 'b'])).filter((object) => nameOf(object) !== 'web'));
    await until(async () => (await world.shell.run('ipvsadm -Sn; ip address')).includes('10.96.0.40') === false);
    proxier.reconfigure(patience);
    await proxier.publish(objects(both));
    expect(names(await world.pods.d.ask('10.96.0.40', 80, { count: 4 }))).toEqual(['a', 'b']);
  });
});

describe.each(['sh', 'mh'])('with scheduler %s', (scheduler) => {
  beforeAll(async () => {
    await proxier.stop();
    proxier = await LabProxier.start({
      objects: objects(both),
      programs: world.programs,
      flags: [`--ipvs-scheduler=${scheduler}`],
    });
  });

  it('refuses nobody whose endpoint drains', async () => {
    const dialogue = await world.pods.d.open('10.96.0.40', 80);
    const drained = dialogue.greeting.split(' ')[0] as 'a' | 'b';
    const other = drained === 'a' ? 'b' : 'a';
    await proxier.publish(objects([...endpointSlices(web, [terminating(drained), other])]));
    expect(await realServers('-t 10.96.0.40:80')).toMatch(/8080 .* Masq +0 +1 /);
    expect(names(await world.pods.d.ask('10.96.0.40', 80, { count: 16 }))).toEqual([other]);
    expect(await dialogue.say('still there?')).toBe('still there?');
    await dialogue.close();
  });
});

/** An open connection to `web` that this endpoint answered. */
async function openTo(endpoint: string) {
  for (;;) {
    const dialogue = await world.pods.d.open('10.96.0.40', 80);
    if (dialogue.greeting.startsWith(`${endpoint} `)) return dialogue;
    await dialogue.close();
  }
}

function realServers(virtualServer: string): Promise<string> {
  return world.shell.run(`ipvsadm -Ln ${virtualServer}`);
}

/** Resolves when the condition holds; the test's time-out ends it otherwise. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 300));
}

/** Who answered, each once. */
function names(answers: readonly string[]): string[] {
  const found = new Set(answers.map((answer) => answer.split(' ')[0] ?? ''));
  return [...found].sort((one, other) => one.localeCompare(other));
}

function nameOf(object: ApiObject): unknown {
  return (object['metadata'] as ApiObject)['name'];
}
