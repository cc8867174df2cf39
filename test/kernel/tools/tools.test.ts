import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DaemonProcess, program } from '../daemon/daemon-process.ts';
import { LabNode } from '../daemon/lab-node.ts';
import { list, service } from '../daemon/manifests.ts';

const flags = '--conntrack-max-per-core=0 --hostname-override=lab --cluster-cidr=10.244.0.0/16';
const node = new LabNode();
let objects = '';
let daemon: DaemonProcess;

/** Everything that the tools look at, in the words of the classic ones; counters and times left out. */
const kernel = `ipvsadm -Sn; ip -br address show kube-ipvs0 2>&1; ipset save | sort; iptables-save | grep -v '^[#:]'
  cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/vs/conntrack`;

async function tool(line: string): Promise<{ readonly output: string; readonly exitCode: number }> {
  return await node.shell.attempt(`${program} ${line}`);
}

async function json<T>(line: string): Promise<T> {
  return JSON.parse((await tool(`${line} -o json`)).output) as T; // each caller knows what its tool prints
}

interface Explained {
  readonly links: readonly { readonly status: string; readonly name: string; readonly text: string }[];
  readonly facts: { readonly daemon: object; readonly paths: readonly { readonly kernel: object }[] };
}

beforeAll(async () => {
  const slice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'web-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    endpoints: [{ addresses: ['10.244.1.5'], nodeName: 'lab' }],
  };
  objects = node.write('objects.json', list(service('web', '10.96.0.80'), slice));
});
afterAll(async () => {
  await node.clear();
  node.close();
});

describe('plan', () => {
  it('shows what the daemon then does, and writes nothing', async () => {
    const before = await node.shell.run(kernel);
    const { operations } = await json<{ operations: readonly { readonly text: string }[] }>(
      `plan ${flags} -f ${objects}`,
    );
    expect(await node.shell.run(kernel)).toBe(before);
    daemon = new DaemonProcess({ args: ['--cluster-cidr=10.244.0.0/16', `--manifests=${objects}`] });
    await daemon.line(/"Round finished"/);
    const texts = operations.map(({ text }) => text);
    expect(await node.virtualServers()).toEqual(['-A -t 10.96.0.80:80 -s rr']);
    expect(texts).toContain('virtual server TCP/10.96.0.80:80 rr');
    expect(texts).toContain('real server 10.244.1.5:8080 weight 1 of TCP/10.96.0.80:80');
    const entries = (await node.shell.run('ipset save')).split('\n').filter((line) => line.startsWith('add '));
    const planned = texts.filter((text) => text.startsWith('entry '));
    expect(planned.map((text) => text.replace(/^entry (\S+) in (\S+)$/, 'add $2 $1')).sort()).toEqual(entries.sort());
  });

  it('takes the flags of the running daemon, and previews another configuration', async () => {
    const { output: preview } = await tool('plan --ipvs-scheduler=lc --operations');
    expect(preview).toBe('~ virtual server to TCP/10.96.0.80:80 lc\n');
  });
});

describe('diff, explain and check', () => {
  it('find nothing wrong where nothing is', async () => {
    const before = await node.shell.run(kernel);
    const same = await tool('diff');
    expect(same.output).toMatch(/\nThe kernel is as wanted\.\n$/);
    expect(same.exitCode).toBe(0);
    const { links, facts } = await json<Explained>('explain svc/default/web');
    // there is no Pod behind the endpoint
    const bad = links.filter(({ status, name }) => status === 'broken' && name !== 'Pods');
    expect(bad).toEqual([]);
    expect(facts.daemon).toMatchObject({ processId: expect.any(Number), health: { status: 200 } });
    expect(facts.paths[0]?.kernel).toMatchObject({
      scheduler: 'rr',
      realServers: [{ key: '10.244.1.5:8080', weight: 1 }],
    });
    const { findings } = await json<{ findings: readonly { readonly level: string }[] }>('check');
    expect(findings.filter(({ level }) => level === 'error')).toEqual([]);
    expect(await node.shell.run(kernel)).toBe(before);
  });

  it('tell of everything that somebody changed', async () => {
    expect(await daemon.stop()).toMatchObject({ exit: 0 });
    await node.shell.run(`
      ip address del 10.96.0.80/32 dev kube-ipvs0
      ipvsadm -e -t 10.96.0.80:80 -r 10.244.1.5:8080 -m -w 0
      ipset del KUBE-CLUSTER-IP 10.96.0.80,tcp:80
      iptables -t nat -D KUBE-POSTROUTING 1
      ipvsadm -A -t 203.0.113.5:443 -s rr`);
    const { output, exitCode } = await tool(`diff ${flags} -f ${objects} -o json`);
    const report = JSON.parse(output) as {
      differences: readonly { readonly how: string; readonly kind: string; readonly object: string }[];
      foreign: readonly object[];
    };
    expect(report.differences.map(({ how, kind, object }) => `${how} ${kind} ${object}`)).toEqual([
      'missing set entry KUBE-CLUSTER-IP 10.96.0.80,tcp:80',
      'different rules IPv4',
      'missing address 10.96.0.80',
      'different real server TCP/10.96.0.80:80 10.244.1.5:8080',
    ]);
    expect(report.foreign).toEqual([{ kind: 'virtual server', object: 'TCP/203.0.113.5:443' }]);
    expect(exitCode).toBe(1);
    const explained = await tool(`explain 10.96.0.80:80 ${flags} -f ${objects}`);
    expect(explained.output).toMatch(
      /First broken link\nThe address 10\.96\.0\.80 is not bound to kube-ipvs0: no ipvs-proxier runs on this node; start it\.\n$/,
    );
    expect(explained.exitCode).toBe(1);
  });
});
