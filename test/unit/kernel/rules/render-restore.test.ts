import { describe, expect, it } from '@jest/globals';
import type { RuleSet } from '../../../../src/model/rule-set.ts';
import { compareRules } from '../../../../src/kernel/rules/compare-rules.ts';
import { parseSave } from '../../../../src/kernel/rules/parse-save.ts';
import { renderRemoval, renderRestore } from '../../../../src/kernel/rules/render-restore.ts';

const ruleSet: RuleSet = {
  family: 'IPv4',
  chains: [
    { table: 'nat', name: 'OURS', rules: ['-s 127.0.0.0/8 -j RETURN', '-j MARKED'] },
    { table: 'nat', name: 'MARKED', rules: ['-j MARK --or-mark 0x1'] },
    { table: 'filter', name: 'GUARD', rules: [] },
  ],
  jumps: [
    { table: 'nat', from: 'OUTPUT', to: 'OURS', comment: 'a b' },
    { table: 'filter', from: 'INPUT', to: 'GUARD', comment: 'guard' },
    { table: 'filter', from: 'INPUT', to: 'GUARD', comment: 'again' },
  ],
};

function restoreAfter(saved: string): string {
  return renderRestore(compareRules(ruleSet, parseSave(saved)).changes);
}

const complete = `*nat
:OUTPUT ACCEPT [0:0]
:OURS - [0:0]
:MARKED - [0:0]
-A OUTPUT -m comment --comment "a b" -j OURS
-A OUTPUT -p tcp -j MARKED
-A OURS -s 127.0.0.0/8 -j RETURN
-A OURS -j MARKED
-A MARKED -j MARK --set-xmark 0x1/0x1
COMMIT
*filter
:INPUT ACCEPT [0:0]
:GUARD - [0:0]
-A INPUT -m comment --comment guard -j GUARD
-A INPUT -m comment --comment again -j GUARD
COMMIT
`;

describe('renderRestore', () => {
  it('writes everything on a clean node', () => {
    expect(restoreAfter('')).toBe(`*nat
:OURS - [0:0]
:MARKED - [0:0]
-I OUTPUT -m comment --comment "a b" -j OURS
-A OURS -s 127.0.0.0/8 -j RETURN
-A OURS -j MARKED
-A MARKED -j MARK --or-mark 0x1
COMMIT
*filter
:GUARD - [0:0]
-I INPUT -m comment --comment again -j GUARD
-I INPUT -m comment --comment guard -j GUARD
COMMIT
`);
  });

  it('writes nothing when all is in place', () => {
    expect(restoreAfter(complete)).toBe('');
  });

  it('writes only what differs', () => {
    expect(restoreAfter(complete.replace('-A MARKED -j MARK --set-xmark 0x1/0x1\n', ''))).toBe(`*nat
:MARKED - [0:0]
-A MARKED -j MARK --or-mark 0x1
COMMIT
`);
  });

  it('moves jumps by taking them out and putting them in', () => {
    const swapped = complete.replace(/(-A INPUT.*guard.*\n)(-A INPUT.*again.*\n)/, '$2$1');
    expect(restoreAfter(swapped)).toBe(`*filter
-D INPUT -m comment --comment guard -j GUARD
-D INPUT -m comment --comment again -j GUARD
-I INPUT -m comment --comment again -j GUARD
-I INPUT -m comment --comment guard -j GUARD
COMMIT
`);
  });
});

describe('renderRemoval', () => {
  it('removes jumps and chains, and empties a chain that others refer to', () => {
    expect(renderRemoval(ruleSet, parseSave(complete))).toBe(`*nat
:OURS - [0:0]
:MARKED - [0:0]
-D OUTPUT -m comment --comment "a b" -j OURS
-X OURS
COMMIT
*filter
:GUARD - [0:0]
-D INPUT -m comment --comment guard -j GUARD
-D INPUT -m comment --comment again -j GUARD
-X GUARD
COMMIT
`);
  });

  it('removes what is left of it', () => {
    expect(renderRemoval(ruleSet, parseSave('*filter\n:INPUT ACCEPT [0:0]\n:GUARD - [0:0]\nCOMMIT\n'))).toBe(
      '*filter\n:GUARD - [0:0]\n-X GUARD\nCOMMIT\n',
    );
  });

  it('does nothing where nothing is', () => {
    expect(renderRemoval(ruleSet, parseSave(''))).toBe('');
  });
});
