import type { Clock } from '../../model/clock.ts';
import { describeProxies, type OtherProxy } from './other-proxy.ts';

/** Another Service proxy is at work on this node. */
export class OtherProxyError extends Error {
  readonly code = 'OTHER_PROXY';
  readonly proxies: readonly OtherProxy[];

  constructor(proxies: readonly OtherProxy[]) {
    const remedies = [
      'take it off this node first',
      'or set operation: takeover, which waits until it has gone, or operation: observe, which writes nothing',
      'or otherProxy: ignore where it serves no Services here',
    ];
    super(
      `another Service proxy is at work on this node, and two would undo each other's work: ` +
        `${describeProxies(proxies)}; ${remedies.join('; ')}`,
    );
    this.proxies = proxies;
  }
}

/** How long one that is ending may take to go; a restart of this program must not fail because of the last one. */
const patienceMs = 6_000;
const lookEveryMs = 500;

/** Resolves when no other Service proxy is alive. Rejects with `OtherProxyError` when there still is one after 6 s. */
export async function requireNoOtherProxy(options: {
  readonly find: () => Promise<readonly OtherProxy[]>;
  readonly clock: Clock;
}): Promise<void> {
  const { find, clock } = options;
  const deadlineMs = clock.monotonicMs() + patienceMs;
  for (;;) {
    const found = await find();
    if (found.length === 0) return;
    if (clock.monotonicMs() >= deadlineMs) throw new OtherProxyError(found);
    await new Promise<void>((resolve) => clock.schedule(lookEveryMs, resolve));
  }
}
