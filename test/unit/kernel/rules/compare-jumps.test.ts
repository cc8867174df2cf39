import { describe, expect, it } from '@jest/globals';
import type { RuleJump } from '../../../../src/model/rule-set.ts';
import { compareJumps } from '../../../../src/kernel/rules/compare-jumps.ts';

const jumps: readonly RuleJump[] = [
  { table: 'filter', from: 'INPUT', to: 'A', comment: 'first of ours' },
  { table: 'filter', from: 'INPUT', to: 'B', comment: 'second' },
];
const services: readonly RuleJump[] = [
  { table: 'nat', from: 'PREROUTING', to: 'KUBE-SERVICES', comment: 'kubernetes service portals' },
];
const first = '-m comment --comment "first of ours" -j A';
const second = '-m comment --comment second -j B';
const portals = '-m comment --comment "kubernetes service portals" -j KUBE-SERVICES';

describe('compareJumps', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ['all at the head', [first, second, '-p tcp -j ACCEPT'], []],
    ['others in front of and between ours', ['-j cali-INPUT', first, '-p tcp -j ACCEPT', second], []],
    ['none', ['-p tcp -j ACCEPT'], ['the jump to A is missing', 'the jump to B is missing']],
    ['one missing', [second], ['the jump to A is missing']],
    ['one twice', [first, second, second], ['the jump to B stands there 2 times']],
    ['wrong order', [second, first], ['the jump to B stands before that to A']],
    ['a jump of others to our chain', [first, second, '-m conntrack --ctstate NEW -j A'], []],
    ['another comment', [first, '-m comment --comment other -j B'], ['the jump to B is missing']],
  ])('%s', (_name, rules, problems) => {
    expect(compareJumps(jumps, rules).problems).toEqual(problems);
  });

  it('takes out all of ours and puts in all of ours', () => {
    expect(compareJumps(jumps, [second, '-j X', first, second])).toMatchObject({
      from: 'INPUT',
      remove: [first, second, second],
      insert: [first, second],
    });
  });

  it.each([
    '-m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT',
    '-j CNI-HOSTPORT-DNAT',
    '! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER',
    '-m comment --comment "kube hostport portals" -m addrtype --dst-type LOCAL -j KUBE-HOSTPORTS',
    '-p tcp -m addrtype --dst-type LOCAL -j DNAT --to-destination 10.1.1.1',
  ])('must stand before %s', (rule) => {
    expect(compareJumps(services, [rule, portals]).problems).toEqual([
      `the jump to KUBE-SERVICES stands behind host ports: ${rule}`,
    ]);
    expect(compareJumps(services, [portals, rule]).problems).toEqual([]);
  });

  it.each([
    '-j cali-PREROUTING',
    '-m addrtype ! --dst-type LOCAL -j X',
    '-m addrtype --dst-type LOCAL -j ACCEPT',
    '-m addrtype --dst-type LOCAL',
  ])('may stand behind %s', (rule) => {
    expect(compareJumps(services, [rule, portals]).problems).toEqual([]);
  });

  it('knows a jump without comment', () => {
    const bare = services.map((jump) => ({ ...jump, comment: '' }));
    expect(compareJumps(bare, ['-j KUBE-SERVICES']).problems).toEqual([]);
    expect(compareJumps(bare, []).insert).toEqual(['-j KUBE-SERVICES']);
  });
});
