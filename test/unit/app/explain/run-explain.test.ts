import { beforeEach, describe, expect, it } from '@jest/globals';
import { runExplain } from '../../../../src/app/explain/run-explain.ts';
import type { HttpReply } from '../../../../src/app/ask-http.ts';
import type { RunningDaemon } from '../../../../src/app/tools/running-daemon.ts';
import type { EndpointAnswer } from '../../../../src/app/explain/probe-endpoints.ts';
import { explainSyntax } from '../../../../src/cli/explain/explain-syntax.ts';
import { ip } from '../../../support/builders.ts';
import { FakeKernel } from '../../../support/fake-kernel.ts';
import { objectsYaml, programNode } from '../../../support/program-node.ts';
import { runWith, viewOf, withoutConntrack } from '../../../support/tool-world.ts';

const flags = `--hostname-override=node-1 --cluster-cidr=10.244.0.0/16 ${withoutConntrack}`;
let kernel: FakeKernel;
let answers: Readonly<Record<string, EndpointAnswer>>;
let others: readonly string[];
let unread: readonly string[];

beforeEach(async () => {
  kernel = new FakeKernel();
  kernel.nodeAddresses = [ip('192.168.7.1')];
  answers = { '10.244.1.5:8080': 'open', '10.244.2.6:8080': 'open' };
  others = [];
  unread = [];
  await programNode(kernel, objectsYaml, flags.split(' '));
});

const healthy = {
  status: 200,
  server: 'ipvs-proxier',
  body: '{"lastUpdated":"2026-01-01T00:00:00Z","currentTime":"2026-01-01T00:00:05Z"}',
};

/** A port on which nobody listens. */
const nobody = 'nobody';

function explain(
  line: string,
  yaml = objectsYaml,
  daemon?: RunningDaemon,
  answer: HttpReply | typeof nobody = healthy,
) {
  const probes = {
    findOthers: async () => others,
    probe: async () => new Map(Object.entries(answers)),
    ask: async () => (answer === nobody ? undefined : answer),
    modules: { state: () => 'loaded' as const },
  };
  return runWith(
    (commandLine, world, sources) => runExplain(commandLine, world, sources, probes),
    explainSyntax,
    `${flags} -f a.yaml ${line}`,
    {
      files: { 'a.yaml': yaml },
      view: viewOf(kernel, { unread }),
      ...(daemon !== undefined && { daemon }),
    },
  );
}

const lastLine = (text: string) => text.trimEnd().split('\n').at(-1);

describe('a Service that works', () => {
  it('is drawn, and every link is ok', async () => {
    const { output, exitCode } = await explain('svc/default/web');
    expect(exitCode).toBe(0);
    expect(lastLine(output)).toBe('No link is broken.');
    expect(output).toContain(
      'client ─► 192.168.7.1:30080/TCP (node port) ─► IPVS rr ─┐\n      ├─► 10.244.2.6:8080 on node-2',
    );
    expect(output).not.toContain('BROKEN');
    expect(output).toContain('  ok       proxier         ipvs-proxier, answers on its health port\n');
  });

  it('is found by each of its addresses', async () => {
    for (const address of ['10.96.0.80:80', '10.96.0.80:80/TCP', '192.168.7.1:30080']) {
      const { output, exitCode } = await explain(address);
      expect([exitCode, output.split('\n')[0]]).toEqual([0, 'default/web seen from node node-1']);
      expect(output.match(/─► \S+ \(/g)).toEqual([`─► ${address.replace('/TCP', '')}/TCP (`]);
    }
  });

  it('is one port of it, with its node port', async () => {
    for (const port of ['http', '80']) {
      const { output } = await explain(`svc/default/web --port ${port}`);
      expect(output.match(/\((?:cluster IP|node port)\)/g)).toEqual(['(cluster IP)', '(node port)']);
    }
  });

  it('is for programs with -o json', async () => {
    const { firstBroken, facts } = JSON.parse((await explain('svc/default/web -o json --from 10.244.1.5')).output);
    expect(firstBroken).toBeNull();
    expect(facts.client).toEqual({ address: '10.244.1.5', kind: 'pod', isLocalEndpoint: true });
    expect(facts.paths[0].entries.map(({ set }: { set: string }) => set)).toContain('KUBE-LOOP-BACK');
  });
});

describe('a daemon that is seen', () => {
  const daemon = { processId: 948, flags: [] };

  it('is well where it answers', async () => {
    const { output } = await explain('svc/default/web', objectsYaml, daemon);
    expect(output).toContain('  ok       proxier         ipvs-proxier, process 948\n');
  });

  it('is suspect where its health port is silent', async () => {
    const silent = { status: 200, server: 'other', body: '' };
    expect((await explain('svc/default/web', objectsYaml, daemon, silent)).output).toContain('process 948\n');
    const { output } = await explain('svc/default/web -o json', objectsYaml, daemon, nobody);
    expect(JSON.parse(output).facts.daemon).toEqual({
      processId: 948,
      operation: 'active',
      silentPort: '127.0.0.1:10256',
    });
  });
});

describe('what is broken', () => {
  it.each<[string, () => void, string]>([
    [
      'an address',
      () => kernel.addresses.delete(ip('10.96.0.80')),
      'The address 10.96.0.80 is not bound to kube-ipvs0',
    ],
    [
      'a virtual server',
      () => kernel.servers.delete('TCP/10.96.0.80:80'),
      'The kernel has no virtual server 10.96.0.80:80/TCP',
    ],
    [
      'an entry',
      () => kernel.sets.get('KUBE-CLUSTER-IP')?.entries.delete('10.96.0.80,tcp:80'),
      '10.96.0.80,tcp:80 is not in the IP set KUBE-CLUSTER-IP',
    ],
    ['the rules', () => kernel.rules.delete('IPv4'), 'Rules are missing (IPv4 nat KUBE-SERVICES: the chain is missing'],
    ['the interface', () => (kernel.hasInterface = false), 'The interface kube-ipvs0 is missing'],
    ['another proxy', () => (others = ['kube-proxy, process 9']), 'Another proxy is alive on this node'],
    ['the Pods', () => (answers = { '10.244.1.5:8080': 'refused' }), 'The Pod at 10.244.1.5:8080 refuses connections'],
  ])('%s is found', async (_what, change, words) => {
    change();
    const { output, exitCode } = await explain('svc/default/web --port http -o json');
    expect(exitCode).toBe(1);
    expect(JSON.parse(output).firstBroken.text).toContain(words);
  });

  it('a Service without endpoints', async () => {
    const { output, exitCode } = await explain('svc/default/empty');
    expect(exitCode).toBe(1);
    expect(output).toContain('Service default/empty has no EndpointSlice: its selector has to match');
  });
});

describe('what cannot be explained', () => {
  it('is a Service that there is not', async () => {
    const { output, exitCode } = await explain('10.96.0.99:80');
    expect(exitCode).toBe(2);
    expect(output).toContain('There is no Service 10.96.0.99:80 in a.yaml');
  });

  it('is a Service whose object is broken', async () => {
    const yaml = `kind: Service
metadata: {name: web, namespace: default}
spec: {clusterIP: 300.1.1.1, ports: [{port: 80}]}
`;
    const { output, exitCode } = await explain('svc/default/web', yaml);
    expect(exitCode).toBe(2);
    const sentence = 'Service default/web cannot be used (spec.clusterIP: "300.1.1.1" is not an IP address)';
    expect(output).toContain(`\n${sentence}: correct that\nfield.\n`);
    expect((await explain('svc/default/other', yaml)).output).toContain('There is no Service default/other in a.yaml');
  });

  it('is a file that is missing or empty', async () => {
    await expect(explain('svc/default/web', ' \n')).rejects.toThrow(
      'a.yaml: there is nothing in it, and so no objects',
    );
    await expect(explain('svc/default/web -f nothing.yaml')).rejects.toThrow(
      'nothing.yaml cannot be read: no such file',
    );
  });

  it('is an API server to which no way is known', async () => {
    const tool = runWith(
      (commandLine, world, sources) => runExplain(commandLine, world, sources),
      explainSyntax,
      `${flags} --kubeconfig=/nowhere/kubeconfig svc/default/web`,
      { view: viewOf(kernel) },
    );
    await expect(tool).rejects.toThrow('kubeconfig /nowhere/kubeconfig: does not exist');
  });

  it('is the same where nothing says how, and no daemon is seen', async () => {
    const host = process.env['KUBERNETES_SERVICE_HOST'];
    delete process.env['KUBERNETES_SERVICE_HOST']; // this may be a Pod
    const unsaid = runWith(runExplain, explainSyntax, `${flags} svc/default/web`, { view: viewOf(kernel) });
    await expect(unsaid).rejects.toThrow(
      /; no ipvs-proxier is seen here whose flags could be taken; give --kubeconfig/,
    );
    if (host !== undefined) process.env['KUBERNETES_SERVICE_HOST'] = host;
  });

  it('is the kernel of another node', async () => {
    const { output, exitCode } = await explain('svc/default/web --node node-2');
    expect(exitCode).toBe(0);
    expect(output).toContain('unknown  kernel          this machine is not node-2: run it there to see the kernel\n');
    expect(output).not.toContain('not in the kernel');
  });

  it('is a kernel that may not be read', async () => {
    unread = ['IPVS: EPERM'];
    const { output, exitCode } = await explain('svc/default/web');
    expect(exitCode).toBe(2);
    expect(output).toContain('unknown  kernel          cannot be read: IPVS: EPERM\n');
    expect(lastLine(output)).toBe('No link is broken as far as could be looked at, which is not all of the way.');
  });

  it.each([
    ['', 'say which: svc/NAMESPACE/NAME or IP:PORT'],
    ['web', '"web" is neither svc/NAMESPACE/NAME'],
    ['svc/default/web --port https', 'Service default/web has no port "https"; it has http (80)'],
    ['10.96.0.80:80 --port http', '--port goes with svc/NAMESPACE/NAME'],
    ['svc/default/web --from somebody', '--from takes an IP address, not "somebody"'],
  ])('is %j', async (line, message) => {
    await expect(explain(line)).rejects.toThrow(message);
  });
});
