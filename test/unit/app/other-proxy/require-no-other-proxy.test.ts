import { describe, expect, it } from '@jest/globals';
import type { OtherProxy } from '../../../../src/app/other-proxy/other-proxy.ts';
import { OtherProxyError, requireNoOtherProxy } from '../../../../src/app/other-proxy/require-no-other-proxy.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

const kubeProxy: OtherProxy = { sign: 'process', name: 'kube-proxy', seen: 'process 17' };

/** In small steps, so that what was promised meanwhile is done in between. */
async function pass(clock: ManualClock, milliseconds: number): Promise<void> {
  for (let left = milliseconds; left >= 0; left -= 100) {
    await clock.advance(Math.min(left, 100));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function setup(finds: readonly (readonly OtherProxy[])[]) {
  const clock = new ManualClock();
  let looks = 0;
  const find = async () => finds[Math.min(looks++, finds.length - 1)] ?? [];
  let outcome: unknown = 'waiting';
  void requireNoOtherProxy({ find, clock }).then(
    () => {
      outcome = 'free';
    },
    (error: unknown) => {
      outcome = error;
    },
  );
  return { clock, outcome: () => outcome, looks: () => looks };
}

describe('requireNoOtherProxy', () => {
  it('goes on at once when there is none', async () => {
    const { clock, outcome, looks } = setup([[]]);
    await pass(clock, 0);
    expect([outcome(), looks()]).toEqual(['free', 1]);
  });

  it('gives one that is ending its time', async () => {
    const { clock, outcome } = setup([[kubeProxy], [kubeProxy], []]);
    await pass(clock, 600);
    expect(outcome()).toBe('waiting');
    await pass(clock, 600);
    expect(outcome()).toBe('free');
  });

  it('refuses after six seconds, with what was seen and what can be done', async () => {
    const { clock, outcome } = setup([[kubeProxy]]);
    await pass(clock, 5_900);
    expect(outcome()).toBe('waiting');
    await pass(clock, 200);
    expect(outcome()).toBeInstanceOf(OtherProxyError);
    const { message, code } = outcome() as OtherProxyError;
    expect(code).toBe('OTHER_PROXY');
    for (const words of ['kube-proxy (process 17)', 'operation: takeover', 'otherProxy: ignore']) {
      expect(message).toContain(words);
    }
  });
});
