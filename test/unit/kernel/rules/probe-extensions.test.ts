import { describe, expect, it } from '@jest/globals';
import { parseSave } from '../../../../src/kernel/rules/parse-save.ts';
import {
  capabilitiesFrom,
  probes,
  probesAnswered,
  renderProbe,
} from '../../../../src/kernel/rules/probe-extensions.ts';
import { planRules } from '../../../../src/plan/plan-rules.ts';
import { fullInput } from '../../../support/rule-plans.ts';

describe('renderProbe', () => {
  it('commits the rules in a chain of their own, which the next transaction removes', () => {
    expect(renderProbe(['set', 'MARK', 'ipvs'], 'IPv6', 'SOME-SET')).toBe(`*filter
:IPVS-PROXIER-PROBE - [0:0]
-A IPVS-PROXIER-PROBE -m set --match-set SOME-SET dst
-A IPVS-PROXIER-PROBE -m ipvs --vaddr 2001:db8::1 --vproto tcp --vport 1
COMMIT
*filter
:IPVS-PROXIER-PROBE - [0:0]
-X IPVS-PROXIER-PROBE
COMMIT
*nat
:IPVS-PROXIER-PROBE - [0:0]
-A IPVS-PROXIER-PROBE -j MARK --set-xmark 0x1/0x1
COMMIT
*nat
:IPVS-PROXIER-PROBE - [0:0]
-X IPVS-PROXIER-PROBE
COMMIT
`);
  });

  it('covers every extension that the rules use', () => {
    const input = renderProbe(probes, 'IPv4', 'SOME-SET');
    const { chains } = planRules(fullInput('IPv4'));
    const used = chains.flatMap(({ rules }) =>
      rules.flatMap((rule) => rule.match(/-m \w+|-j (?!KUBE-|ACCEPT|DROP|RETURN)\S+/g) ?? []),
    );
    expect(new Set(used).size).toBe(10);
    for (const extension of new Set(used)) expect(input).toContain(extension);
  });
});

describe('probesAnswered', () => {
  it('takes what rules in place use as known', () => {
    const saved = parseSave(`*nat
:POSTROUTING ACCEPT [0:0]
-A POSTROUTING -m comment --comment "see -m set" -m mark --mark 0x1 -j MASQUERADE --random-fully
COMMIT
`);
    expect(probesAnswered(saved)).toEqual(new Set(['comment', 'mark', 'MASQUERADE', 'random-fully']));
  });

  it('knows nothing from nothing', () => {
    expect(probesAnswered(parseSave(''))).toEqual(new Set());
  });
});

describe('capabilitiesFrom', () => {
  it('tells the option apart from the extensions', () => {
    expect(capabilitiesFrom(new Set(['ipvs', 'random-fully']))).toEqual({
      randomFully: false,
      missing: new Set(['ipvs']),
    });
    expect(capabilitiesFrom(new Set())).toEqual({ randomFully: true, missing: new Set() });
  });
});
