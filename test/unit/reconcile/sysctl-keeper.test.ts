import type { ReconcileObserver } from '../../../src/reconcile/observer.ts';
import { describe, expect, it } from '@jest/globals';
import { SysctlKeeper } from '../../../src/reconcile/sysctl-keeper.ts';

function keeperOf(values: Map<string, string>, readOnly = new Set<string>()) {
  const heard: string[] = [];
  const observer: ReconcileObserver = {
    applied: (kind, count) => heard.push(`applied ${kind} ${count}`),
    failed: (kind, object) => heard.push(`failed ${kind} ${object}`),
    recovered: (kind, object) => heard.push(`recovered ${kind} ${object}`),
    drifted: (kind, count, object) => heard.push(`drifted ${kind} ${count} ${object}`),
    conflict: () => {},
  };
  const keeper = new SysctlKeeper({
    driver: {
      read: (name) => values.get(name),
      ensure(name, value) {
        if (values.get(name) === value) return false;
        if (readOnly.has(name)) throw new Error('EROFS');
        values.set(name, value);
        return true;
      },
    },
    wanted: [
      ['net/ipv4/ip_forward', '1'],
      ['net/ipv4/vs/conntrack', '1'],
    ],
    observer,
  });
  return { keeper, heard };
}

describe('SysctlKeeper', () => {
  it('does nothing while the settings agree', () => {
    const { keeper, heard } = keeperOf(
      new Map([
        ['net/ipv4/ip_forward', '1'],
        ['net/ipv4/vs/conntrack', '1'],
      ]),
    );
    keeper.audit();
    expect(heard).toEqual([]);
  });

  it('puts right and counts what somebody else changed', () => {
    const values = new Map([
      ['net/ipv4/ip_forward', '0'],
      ['net/ipv4/vs/conntrack', '1'],
    ]);
    const { keeper, heard } = keeperOf(values);
    keeper.audit();
    keeper.audit();
    expect(values.get('net/ipv4/ip_forward')).toBe('1');
    expect(heard).toEqual(['drifted sysctl 1 net/ipv4/ip_forward', 'applied sysctl 1']);
  });

  it('tells once what cannot be put right, keeps the others, and tells when it can', () => {
    const values = new Map([
      ['net/ipv4/ip_forward', '0'],
      ['net/ipv4/vs/conntrack', '0'],
    ]);
    const readOnly = new Set(['net/ipv4/ip_forward']);
    const { keeper, heard } = keeperOf(values, readOnly);
    keeper.audit();
    keeper.audit();
    expect(heard).toEqual([
      'failed sysctl net/ipv4/ip_forward',
      'drifted sysctl 1 net/ipv4/vs/conntrack',
      'applied sysctl 1',
    ]);
    readOnly.clear();
    keeper.audit();
    expect(heard.slice(3)).toEqual([
      'drifted sysctl 1 net/ipv4/ip_forward',
      'applied sysctl 1',
      'recovered sysctl net/ipv4/ip_forward',
    ]);
  });
});
