import type { ServiceKey } from '../../../src/model/service-key.ts';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { Claims } from '../../../src/reconcile/claims.ts';

const claimant = (name: string, creationTimeMs: number) => ({ key: `default/${name}` as ServiceKey, creationTimeMs });
// By name it would be the other way round.
const old = claimant('z-old', 1);
const young = claimant('a-young', 2);

let claims: Claims<string, string>;

beforeEach(() => {
  claims = new Claims();
});

describe('Claims', () => {
  it('belong to nobody without a claimant', () => {
    expect([claims.winner('vip'), claims.holder('vip')]).toEqual([undefined, undefined]);
    claims.release('vip', old.key);
    expect(claims.winner('vip')).toBeUndefined();
  });

  it.each([
    ['older one first', [old, young]],
    ['younger one first', [young, old]],
  ])('belong to the oldest: %s', (_name, order) => {
    for (const each of order) claims.claim('vip', each, each.key);
    expect(claims.holder('vip')).toBe('default/z-old');
    expect(claims.winner('vip')).toBe('default/z-old');
  });

  it('belong to the first by name of equally old ones, whoever came first', () => {
    claims.claim('vip', claimant('b', 1), 'b');
    claims.claim('vip', claimant('a', 1), 'a');
    expect(claims.winner('vip')).toBe('a');
  });

  it('pass to the next when the winner leaves, and end with the last', () => {
    claims.claim('vip', old, 'from old');
    claims.claim('vip', young, 'from young');
    claims.release('vip', old.key);
    expect(claims.winner('vip')).toBe('from young');
    claims.release('vip', young.key);
    expect(claims.holder('vip')).toBeUndefined();
  });

  it('are counted once for each claimant: a new value takes the place of the old', () => {
    claims.claim('vip', old, 'first');
    claims.claim('vip', old, 'second');
    expect(claims.winner('vip')).toBe('second');
    claims.release('vip', old.key);
    expect(claims.winner('vip')).toBeUndefined();
  });

  it('are judged by the age last told: a Service made anew is young again', () => {
    claims.claim('vip', old, 'old');
    claims.claim('vip', young, 'young');
    claims.claim('vip', { ...old, creationTimeMs: 3 }, 'made anew');
    expect(claims.winner('vip')).toBe('young');
  });

  it('leave other keys alone', () => {
    claims.claim('vip', old, 'one');
    claims.claim('other', young, 'two');
    claims.release('vip', old.key);
    expect(claims.winner('other')).toBe('two');
  });
});
