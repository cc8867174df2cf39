import { describe, expect, it } from '@jest/globals';
import type { ApiServer } from '../../../../src/kubernetes/watch/api-server.ts';
import { ServerChoice } from '../../../../src/kubernetes/watch/server-choice.ts';
import { ServerReturn } from '../../../../src/kubernetes/watch/server-return.ts';
import { silentLog } from '../../../../src/observe/log.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

const server = (name: string): ApiServer => ({ url: `https://${name}`, origin: 'listed' });

function setUp(names: readonly string[], working: Set<string>) {
  const clock = new ManualClock();
  const asked: string[] = [];
  const [first = server('none'), ...listed] = names.map(server);
  const choice: ServerChoice = new ServerChoice({
    first,
    isFirstVirtual: false,
    listed,
    clock,
    log: silentLog,
    onSwitch: () => back.arm(),
  });
  const back = new ServerReturn({
    choice,
    isServing: ({ url }) => {
      const name = url.replace('https://', '');
      asked.push(`${name}@${clock.monotonicMs() / 1000}`);
      return Promise.resolve(working.has(name));
    },
    clock,
    random: () => 0,
  });
  back.arm();
  return { clock, asked, choice, back, current: () => choice.current.url.replace('https://', '') };
}

describe('ServerReturn', () => {
  it('asks nobody while the best server is in use', async () => {
    const { clock, asked } = setUp(['a', 'b'], new Set(['a', 'b']));
    await clock.advance(3_600_000);
    expect(asked).toEqual([]);
  });

  it('moves back once the better server has answered, and then is quiet', async () => {
    const working = new Set(['b']);
    const { clock, asked, choice, current } = setUp(['a', 'b'], working);
    choice.failed(server('a'), 'unreachable');
    await clock.advance(30_000);
    expect([current(), asked]).toEqual(['b', ['a@30']]);
    working.add('a');
    await clock.advance(30_000);
    expect([current(), asked]).toEqual(['a', ['a@30', 'a@60']]);
    await clock.advance(3_600_000);
    expect(asked).toHaveLength(2);
  });

  it('asks a server that stays away ever more seldom, down to every five minutes', async () => {
    const { clock, asked, choice } = setUp(['a', 'b'], new Set());
    choice.failed(server('a'), 'unreachable');
    await clock.advance(1_500_000);
    expect(asked).toEqual(['a@30', 'a@60', 'a@120', 'a@210', 'a@390', 'a@690', 'a@990', 'a@1290']);
  });

  it('takes the best of those that work', async () => {
    const { clock, choice, current } = setUp(['a', 'b', 'c'], new Set(['b', 'c']));
    choice.failed(server('a'), 'unreachable');
    choice.failed(server('b'), 'unreachable');
    expect(current()).toBe('c');
    await clock.advance(30_000);
    expect(current()).toBe('b');
  });

  it('ends when it is stopped', async () => {
    const { clock, asked, choice, back } = setUp(['a', 'b'], new Set(['a']));
    choice.failed(server('a'), 'unreachable');
    back.stop();
    back.arm();
    await clock.advance(600_000);
    expect(asked).toEqual([]);
  });
});
