import { describe, expect, it } from '@jest/globals';
import { parseScenarios } from '../format/parse-scenarios.ts';
import { FakeWorld } from './fake-world.ts';
import { play, type Variant } from './play.ts';

async function playText(lines: readonly string[], variant: Variant = 'as written'): Promise<string> {
  const [scenario] = parseScenarios('file.txt', ['=== it', ...lines].join('\n'));
  if (scenario === undefined) throw new Error('there is one scenario');
  return await play(scenario, new FakeWorld(), variant);
}

const given = ['service web clusterIPs=10.96.0.20 ports=80', 'slice web-1 ports=8080', '  10.244.2.6 node-2', 'expect'];
const state = [
  '  -t 10.96.0.20:80 -s rr -> 10.244.2.6:8080',
  '  bound 10.96.0.20',
  '  KUBE-CLUSTER-IP: 10.96.0.20,tcp:80',
];

describe('play', () => {
  it('finds nothing where all is as expected', async () => {
    expect(await playText([...given, ...state])).toBe('');
  });

  it('shows what is missing and what is too much, with file and line', async () => {
    const wrong = state.map((line) => line.replace('10.244.2.6', '10.244.2.7'));
    expect(await playText([...given, ...wrong])).toBe(
      [
        'file.txt:5: it (as written): the state differs',
        '  - -a -t 10.96.0.20:80 -r 10.244.2.7:8080 -m -w 1',
        '  + -a -t 10.96.0.20:80 -r 10.244.2.6:8080 -m -w 1',
      ].join('\n'),
    );
  });

  it.each<[string, readonly string[], string]>([
    ['a real server', [state[0]?.replace(' -> 10.244.2.6:8080', '') ?? '', ...state.slice(1)], '+ -a -t 10.96.0.20:80'],
    [
      'a weight',
      state.map((line) => line.replace(':8080', ':8080 -w 0')),
      '- -a -t 10.96.0.20:80 -r 10.244.2.6:8080 -m -w 0',
    ],
    ['a setting', state.map((line) => line.replace('-s rr', '-s rr -p 300')), '- -A -t 10.96.0.20:80 -s rr -p 300'],
    ['an address', state.filter((line) => !line.includes('bound')), '+ bound 10.96.0.20'],
    ['an entry', state.slice(0, 2), '+ KUBE-CLUSTER-IP 10.96.0.20,tcp:80'],
    ['the rules of a set', state.slice(0, 2), '+ rule IPv4 nat KUBE-SERVICES'],
    ['how it is masqueraded', [...state, '  masquerade IPv4 all'], '- rule IPv4 nat KUBE-SERVICES'],
    ['who is refused', [...state, '  refused 10.96.0.20,tcp:80'], '- rule IPv4 filter KUBE-IPVS-OUT-FILTER'],
    ['what is told', [...state, '  note default/web code: text'], '- note default/web code: text'],
  ])('notices %s', async (_, expected, difference) => {
    expect(await playText([...given, ...expected])).toContain(difference);
  });

  it('notices writes', async () => {
    const problem = await playText([
      ...given,
      ...state,
      'then',
      'service web clusterIPs=10.96.0.20 ports=80',
      'writes',
      '  bindAddress 10.96.0.20',
      'then',
      'expect unchanged',
    ]);
    expect(problem).toBe('file.txt:9: it (as written): other writes than expected\n  - bindAddress 10.96.0.20');
  });

  it('notices a failure that nothing met', async () => {
    await expect(
      playText(['history matters: a failure', 'fail bindAddress 10.0.0.1', ...given, ...state]),
    ).rejects.toThrow('nothing was done that could fail: bindAddress 10.0.0.1');
  });

  it('squashed, plays the last objects only', async () => {
    const steps = [
      'then',
      'delete service web',
      'then',
      'service web clusterIPs=10.96.0.21 ports=80',
      'expect',
      ...state,
    ];
    expect(await playText([...given, ...state, ...steps.toSpliced(2, 0, 'expect')], 'squashed')).toContain(
      '+ bound 10.96.0.21',
    );
  });

  it('does not count real servers that drain where the way is another one', async () => {
    const later = [
      'then',
      'delete slice web-1',
      'expect',
      state[0]?.replace(':8080', ':8080 -w 0') ?? '',
      ...state.slice(1),
    ];
    expect(await playText([...given, ...state, ...later])).toBe('');
    expect(await playText([...given, ...state, ...later], 'squashed')).toBe('');
  });
});
