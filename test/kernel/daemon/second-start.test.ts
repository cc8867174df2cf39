import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, expect, it, jest } from '@jest/globals';
import { DaemonProcess } from './daemon-process.ts';
import { LabNode } from './lab-node.ts';
import { list, service } from './manifests.ts';

jest.setTimeout(300_000);

const node = new LabNode();
afterEach(() => node.clear());
afterAll(() => node.close());

/** Has entries in most sets and rules of most kinds, such as those of external IPs and of source ranges. */
const balanced = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'balanced' },
  spec: {
    type: 'LoadBalancer',
    clusterIP: '10.96.0.2',
    clusterIPs: ['10.96.0.2', 'fd00:96::2'],
    ipFamilies: ['IPv4', 'IPv6'],
    ports: [
      { name: 'http', port: 80, nodePort: 30_080 },
      { name: 'dns', port: 53, protocol: 'UDP', nodePort: 30_053 },
    ],
    externalIPs: ['203.0.113.5'],
    loadBalancerSourceRanges: ['192.0.2.0/24'],
  },
  status: { loadBalancer: { ingress: [{ ip: '198.51.100.9' }] } },
};

/** Programs that tell of every change, and what they say of a mark and nothing else. */
const monitors = [
  { command: 'nft monitor', ours: 'add rule ', marked: /^\n# new generation \d+ by process \d+ \(nft\)\n$/ },
  {
    command: 'ip monitor address link',
    ours: 'kube-ipvs0',
    marked: /^: <BROADCAST,NOARP> .*\n +link\/ether .*\n\d+: $/,
  },
] as const;
const fileOf = (index: number) => join(node.directory, `monitor-${index}`);
const heard = () => monitors.map((_, index) => readFileSync(fileOf(index), 'utf8'));

/** A change of our own, of which both monitors tell. */
function mark(name: string): Promise<string> {
  return node.shell.run(`nft add table ip ${name}; ip link add ${name} type dummy`);
}

/** Marks, and resolves when both monitors have told of it. */
async function markHeard(name: string): Promise<void> {
  await mark(name);
  while (!heard().every((text) => text.includes(`${name}: `) || text.includes(`add table ip ${name}\n`)))
    await sleep(50);
}

async function serveOnce(manifests: string): Promise<string> {
  const daemon = new DaemonProcess({ args: [`--manifests=${manifests}`] });
  await daemon.line(/"Round finished"/);
  return (await daemon.stop()).output;
}

it('a start on a node that was left a moment ago writes nothing at all', async () => {
  const manifests = node.write('objects.json', list(service('plain', '10.96.0.1'), balanced));
  await node.shell.run('modprobe -a nf_tables dummy 2>/dev/null; nft list ruleset > /dev/null');
  for (const [index, { command }] of monitors.entries()) {
    await node.shell.run(`: >${fileOf(index)}; ${command} >>${fileOf(index)} 2>&1 & echo $! >> ${node.directory}/pids`);
  }
  for (let attempt = 0; heard().includes(''); attempt += 1) await mark(`begin${attempt}`).then(() => sleep(200));
  expect(await serveOnce(manifests)).toMatch(/"Applied operations" kind="virtualServer"/);
  await markHeard('first');
  const output = await serveOnce(manifests);
  await markHeard('second');
  expect(output).not.toMatch(/Applied operations|Tried the scheduler|Set sysctl|Set the IPVS|somebody else/);
  for (const [index, text] of heard().entries()) {
    const [before = '', rest = ''] = text.split(/first(?=\W)/);
    expect(before).toContain(monitors[index]?.ours);
    expect(rest.split(/(?:add table ip )?second(?=\W)/)[0]).toMatch(monitors[index]?.marked ?? /^$/);
  }
  await node.shell.run(
    `kill $(cat ${node.directory}/pids); for link in $(ls /sys/class/net | grep -E '^(begin|first|second)'); do ip link del $link; done`,
  );
});
