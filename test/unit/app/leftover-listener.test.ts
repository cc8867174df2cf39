import { expect, it } from '@jest/globals';
import type { Command } from '../../../src/kernel/rules/run-command.ts';
import type { IpFamily } from '../../../src/model/ip.ts';
import { removingLeftovers } from '../../../src/app/leftover-listener.ts';
import { silentLog } from '../../../src/observe/log.ts';
import { ManualClock } from '../../support/manual-clock.ts';

/** A listener with methods of its class, which a copy of its fields would not have. */
class Listener {
  readonly heard: string[] = [];

  started(families: readonly IpFamily[]): void {
    this.heard.push(`started ${families.join()}`);
  }

  queued(families: readonly IpFamily[]): void {
    this.heard.push(`queued ${families.join()}`);
  }

  succeeded(families: readonly IpFamily[]): void {
    this.heard.push(`succeeded ${families.join()}`);
  }

  nodeSeen(leaving: boolean): void {
    this.heard.push(`nodeSeen ${leaving}`);
  }
}

function open(otherProxy: 'refuse' | 'ignore') {
  const clock = new ManualClock();
  const listener = new Listener();
  const started: string[] = [];
  const runCommand = async ({ file }: Command) => {
    started.push(file);
    return { exitCode: 127, stdout: '', stderr: '' };
  };
  const config = { proxier: { operation: { otherProxy } } } as never; // nothing else of it is read
  const rules = { flavour: async () => 'nft' as const };
  return {
    clock,
    listener,
    started,
    removing: removingLeftovers(listener, { config, rules, clock, log: silentLog, runCommand }),
  };
}

it('tells the listener everything', () => {
  const { listener, removing } = open('refuse');
  removing.started?.(['IPv4']);
  removing.queued(['IPv4', 'IPv6']);
  removing.succeeded(['IPv6']);
  removing.nodeSeen(true);
  expect(listener.heard).toEqual(['started IPv4', 'queued IPv4,IPv6', 'succeeded IPv6', 'nodeSeen true']);
});

it('looks for what is left some seconds after the first good round, and not before', async () => {
  const { clock, started, removing } = open('refuse');
  await clock.advance(10_000);
  expect(started).toEqual([]);
  removing.succeeded(['IPv4']);
  await clock.advance(10_000);
  expect(started).toContain('iptables-legacy');
});

it('looks for nothing where other Service proxies are to be ignored', async () => {
  const { clock, started, removing } = open('ignore');
  removing.succeeded(['IPv4']);
  await clock.advance(10_000);
  expect(started).toEqual([]);
});
