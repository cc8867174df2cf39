import { describe, expect, it } from '@jest/globals';
import { parseScenarios } from './parse-scenarios.ts';

const service = 'service web clusterIPs=10.96.0.20 ports=80';

function stateOf(...expectation: readonly string[]): readonly string[] | undefined {
  const text = ['=== title', 'expect', ...expectation.map((line) => `  ${line}`)].join('\n');
  return parseScenarios('file.txt', text)[0]?.steps[0]?.expectation?.state;
}

describe('a text that is no scenario', () => {
  it.each<[string, string, string]>([
    ['begins without a title', service, '1: a scenario begins with "=== TITLE"'],
    ['has two of one name', '=== a\nexpect\n=== a\nexpect', '3: there are two scenarios "a"'],
    ['expects nothing', `=== a\n${service}`, '1: this step expects nothing: add "expect" or "writes"'],
    ['expects nothing in a step', '=== a\nexpect\nthen b\nexpect\nthen c\n', '5: this step expects nothing'],
    ['ends without a state', '=== a\nexpect\nthen b\nwrites none', '1: the last step needs "expect"'],
    ['has an unknown keyword', '=== a\n\n# remark\nservices web\nexpect', '4: unknown keyword "services"'],
    ['has an unknown word', `=== a\n${service} clusterIp=10.96.0.1\nexpect`, '2: unknown word "clusterIp="'],
    ['has a word twice', `=== a\n${service} ports=81\nexpect`, '2: "ports=" is there twice'],
    [
      'has an unknown type',
      '=== a\nservice web Cluster ports=80\nexpect',
      '2: expected NAME [TYPE], not "web Cluster"',
    ],
    ['has a bad port', '=== a\nservice web ports=http\nexpect', '2: "http" is not [NAME:]PORT[/PROTOCOL][@NODEPORT]'],
    ['has a bad number', `=== a\n${service} healthCheckNodePort=x\nexpect`, '2: healthCheckNodePort must be a number'],
    [
      'has a bad condition',
      '=== a\nslice web-1 ports=80\n  10.0.0.1 ready=no\nexpect',
      '3: ready must be true or false',
    ],
    ['has two nodes for one endpoint', '=== a\nslice web-1 ports=80\n\n  10.0.0.1 n m\nexpect', '4: unknown word "m"'],
    ['has YAML that is none', '=== a\nobject\n  kind: Service\n  kind: [\nexpect', '4: '],
    ['has YAML of another kind', '=== a\nobject\n  kind: Pod\nexpect', '2: an object needs kind'],
    [
      'changes an object twice at once',
      `=== a\n${service}\n${service}\nexpect`,
      '3: Service default/web changes twice',
    ],
    ['deletes nothing', '=== a\ndelete web\nexpect', '2: expected "delete service|slice|node NAME"'],
    [
      'has parts out of order',
      `=== a\n${service}\nkernel\n  ipvsadm -C\nexpect`,
      '3: "kernel" happens before "objects"',
    ],
    ['has settings in the middle', `=== a\n${service}\nflags --v=1\nexpect`, '3: "flags" goes before everything else'],
    ['waits for no time', '=== a\nwait long\nexpect', '2: "long" is no time such as 5s or 10m'],
    ['waits without a unit', '=== a\nwait 10\nexpect', '2: "10" is no time such as 5s or 10m'],
    [
      'does more than objects',
      '=== a\nexpect\nthen\nkernel\n  ipvsadm -C\nexpect',
      '3: this step is more than objects',
    ],
    ['says no reason', '=== a\nhistory matters\nexpect', '2: expected "history matters: WHY"'],
    [
      'has a line that belongs to nothing',
      '=== a\n  10.0.0.1\nexpect',
      '2: this line is indented and belongs to nothing',
    ],
    ['has changes of nothing', '=== a\nexpect changes\n  + bound 10.0.0.1', '2: "expect changes" needs an expectation'],
    ['has an unknown expectation', '=== a\nexpect\nthen\nexpect same', '4: expected "expect", "expect changes" or'],
    ['has a state that is none', '=== a\nexpect\n  bind 10.0.0.1', '3: "bind 10.0.0.1" is no state of the kernel'],
    [
      'has a server without scheduler',
      '=== a\nexpect\n  -t 10.0.0.1:80 -> 10.0.0.2:80',
      '3: "-s SCHEDULER" is missing',
    ],
    [
      'expects a thing twice',
      '=== a\nexpect\n  bound 10.0.0.1\n  bound 10.0.0.1',
      '4: "bound 10.0.0.1" is there twice',
    ],
    [
      'takes what is not there',
      '=== a\nexpect\nthen\nexpect changes\n  - bound 10.0.0.1',
      '5: "bound 10.0.0.1" was not there',
    ],
    [
      'adds what is there',
      '=== a\nexpect\n  bound 10.0.0.1\nthen\nexpect changes\n  + bound 10.0.0.1',
      '6: "bound 10.0.0.1" is there',
    ],
    [
      'has a change without sign',
      '=== a\nexpect\nthen\nexpect changes\n  bound 10.0.0.1',
      '5: a change begins with "+ " or "- "',
    ],
    [
      'has bad connections',
      '=== a\nhistory matters: x\nconnections 10.0.0.1:80\nexpect',
      '3: expected "-t ADDRESS:PORT -r',
    ],
    [
      'has bad slices',
      '=== a\nslices big 80 many from 10.0.0.1 n\nexpect',
      '2: expected "slices SERVICE PORT COUNT from',
    ],
  ])('%s: it is told where', (_, text, problem) => {
    expect(() => parseScenarios('file.txt', text)).toThrow(`file.txt:${problem}`);
  });
});

describe('a state', () => {
  it('is written as the tools print it', () => {
    expect(
      stateOf(
        '-t 10.96.0.20:80 -s sh -p 300 -b sh-fallback -> 10.244.1.5:8080, [fd00::1]:80 -w 0',
        '-u [fd00::2]:53 -s rr',
        'bound 10.96.0.20 fd00::2',
        'KUBE-CLUSTER-IP: 10.96.0.20,tcp:80 10.96.0.20,udp:53',
        'KUBE-6-CLUSTER-IP fd00::2,udp:53',
        'note default/web code: text',
      ),
    ).toEqual([
      '-A -t 10.96.0.20:80 -s sh -p 300 -b sh-fallback',
      '-A -u [fd00::2]:53 -s rr',
      '-a -t 10.96.0.20:80 -r 10.244.1.5:8080 -m -w 1',
      '-a -t 10.96.0.20:80 -r [fd00::1]:80 -m -w 0',
      'KUBE-6-CLUSTER-IP fd00::2,udp:53',
      'KUBE-CLUSTER-IP 10.96.0.20,tcp:80',
      'KUBE-CLUSTER-IP 10.96.0.20,udp:53',
      'bound 10.96.0.20',
      'bound fd00::2',
      'note default/web code: text',
    ]);
  });

  it('names many real servers at once', () => {
    expect(stateOf('-t 10.96.0.20:80 -s rr -> 10.128.0.255:80 x 3')?.slice(1)).toEqual([
      '-a -t 10.96.0.20:80 -r 10.128.0.255:80 -m -w 1',
      '-a -t 10.96.0.20:80 -r 10.128.1.0:80 -m -w 1',
      '-a -t 10.96.0.20:80 -r 10.128.1.1:80 -m -w 1',
    ]);
  });

  it('follows from the one before by changes', () => {
    const text = [
      '=== a',
      'expect',
      '  -t 10.96.0.20:80 -s rr -> 10.244.1.5:8080',
      'then',
      'expect changes',
      '  - -t 10.96.0.20:80 -r 10.244.1.5:8080',
      '  + -t 10.96.0.20:80 -r 10.244.1.5:8080 -w 0',
      'then',
      'expect unchanged',
    ].join('\n');
    const states = parseScenarios('file.txt', text)[0]?.steps.map((step) => step.expectation?.state);
    const drained = ['-A -t 10.96.0.20:80 -s rr', '-a -t 10.96.0.20:80 -r 10.244.1.5:8080 -m -w 0'];
    expect(states?.slice(1)).toEqual([drained, drained]);
  });
});

describe('objects', () => {
  const objectOf = (text: string) => {
    const change = parseScenarios('file.txt', `=== a\n${text}\nexpect`)[0]?.steps[0]?.changes[0];
    return change?.kind === 'put' ? change.object : undefined;
  };

  it('are Services with the fields of the API', () => {
    const text = `service ns/web LoadBalancer clusterIPs=10.96.0.20,fd00::20 ports=http:80/TCP@30080,53/UDP
      externalIPs=203.0.113.7 ingress=198.51.100.9/Proxy,lb.example.com sessionAffinity=60 label=a.b/c:d`;
    expect(objectOf(text)).toMatchObject({
      kind: 'Service',
      metadata: { namespace: 'ns', name: 'web', labels: { 'a.b/c': 'd' } },
      spec: {
        type: 'LoadBalancer',
        clusterIP: '10.96.0.20',
        clusterIPs: ['10.96.0.20', 'fd00::20'],
        ipFamilies: ['IPv4', 'IPv6'],
        ports: [
          { name: 'http', port: 80, protocol: 'TCP', nodePort: 30080 },
          { port: 53, protocol: 'UDP' },
        ],
        externalIPs: ['203.0.113.7'],
        sessionAffinity: 'ClientIP',
        sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } },
      },
      status: { loadBalancer: { ingress: [{ ip: '198.51.100.9', ipMode: 'Proxy' }, { hostname: 'lb.example.com' }] } },
    });
  });

  it('are slices of the Service that their name begins with', () => {
    expect(
      objectOf('slice my-web-1 ports=http:8080\n  10.244.1.5+10.244.1.6 node-1 unready zones=a,b nodes=n'),
    ).toEqual({
      kind: 'EndpointSlice',
      metadata: { namespace: 'default', name: 'my-web-1', labels: { 'kubernetes.io/service-name': 'my-web' } },
      addressType: 'IPv4',
      ports: [{ name: 'http', port: 8080 }],
      endpoints: [
        {
          addresses: ['10.244.1.5', '10.244.1.6'],
          nodeName: 'node-1',
          conditions: { ready: false, serving: false },
          hints: { forZones: [{ name: 'a' }, { name: 'b' }], forNodes: [{ name: 'n' }] },
        },
      ],
    });
  });

  it('have conditions as the words say', () => {
    const conditionsOf = (words: string) => {
      const slice = objectOf(`slice web-1 ports=80\n  10.244.1.5 node-1 ${words}`);
      return (slice?.['endpoints'] as readonly { readonly conditions: object }[] | undefined)?.[0]?.conditions;
    };
    expect(conditionsOf('')).toEqual({});
    expect(conditionsOf('unready')).toEqual({ ready: false, serving: false });
    expect(conditionsOf('terminating')).toEqual({ ready: false, serving: true, terminating: true });
    expect(conditionsOf('terminating unready')).toEqual({ ready: false, serving: false, terminating: true });
    expect(conditionsOf('terminating ready=true')).toEqual({ ready: true, serving: true, terminating: true });
  });
});
