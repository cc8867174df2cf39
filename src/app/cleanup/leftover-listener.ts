import type { ProxyConfig } from '../../config/config.ts';
import type { IptablesRulesDriver } from '../../kernel/rules/driver.ts';
import type { CommandRunner } from '../../kernel/rules/run-command.ts';
import type { Clock } from '../../model/clock.ts';
import type { Log } from '../../observe/log.ts';
import type { DaemonListener } from '../rounds/round-report.ts';
import { leftoverPlaces } from './leftover-places.ts';
import { leftoverRemover } from './remove-leftovers.ts';

export interface LeftoverListenerOptions {
  readonly config: Pick<ProxyConfig, 'proxier'>;
  readonly rules: Pick<IptablesRulesDriver, 'flavour'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Runs the programs; by default as children of this process. */
  readonly runCommand?: CommandRunner | undefined;
}

/**
 * The listener, and after the first good round the removal of what other modes of kube-proxy have left. Where another
 * Service proxy is to be ignored there is none: what looks left behind may be in use by it.
 */
export function removingLeftovers(listener: DaemonListener, options: LeftoverListenerOptions): DaemonListener {
  const { config, rules, clock, log, runCommand } = options;
  if (config.proxier.operation.otherProxy === 'ignore') return listener;
  const roundSucceeded = leftoverRemover({
    places: async () => leftoverPlaces(await rules.flavour(), runCommand),
    clock,
    log,
  });
  return {
    started: (families) => listener.started?.(families),
    queued: (families) => listener.queued(families),
    nodeSeen: (leaving) => listener.nodeSeen(leaving),
    succeeded(families) {
      listener.succeeded(families);
      roundSucceeded();
    },
  };
}
