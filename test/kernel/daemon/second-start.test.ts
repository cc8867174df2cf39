import { statSync } from 'node:fs';
import { join } from 'node:path';
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

const monitors = ['nft monitor', 'ip monitor address link'];
const fileOf = (index: number) => join(node.directory, `monitor-${index}`);
const heard = () => monitors.map((_, index) => statSync(fileOf(index)).size);

async function serveOnce(manifests: string): Promise<string> {
  const daemon = new DaemonProcess({ args: [`--manifests=${manifests}`] });
  await daemon.line(/"Round finished"/);
  return (await daemon.stop()).output;
}

it('a start on a node that was left a moment ago writes nothing at all', async () => {
  const manifests = node.write('objects.json', list(service('plain', '10.96.0.1'), balanced));
  await node.shell.run('modprobe -a nf_tables dummy 2>/dev/null; nft list ruleset > /dev/null');
  for (const [index, monitor] of monitors.entries()) {
    await node.shell.run(`${monitor} > ${fileOf(index)} 2>&1 & echo $! >> ${node.directory}/pids`);
  }
  await node.shell.run('sleep 1');
  expect(await serveOnce(manifests)).toMatch(/"Applied operations" kind="virtualServer"/);
  await node.shell.run('sleep 1');
  const afterFirst = heard();
  expect(Math.min(...afterFirst)).toBeGreaterThan(0);
  const output = await serveOnce(manifests);
  await node.shell.run('sleep 1');
  expect(output).not.toMatch(/Applied operations|Tried the scheduler|Set sysctl|Set the IPVS|somebody else/);
  expect(heard()).toEqual(afterFirst);
  await node.shell.run(`kill $(cat ${node.directory}/pids)`);
});
