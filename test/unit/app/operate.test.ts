import { describe, expect, it } from '@jest/globals';
import type { Daemon } from '../../../src/app/daemon.ts';
import { operate, type ServedAddresses } from '../../../src/app/operate.ts';
import type { OtherProxy } from '../../../src/app/other-proxy/other-proxy.ts';
import { version } from '../../../src/app/version.ts';
import { loadConfig } from '../../../src/config/effective-config.ts';
import { silentLog } from '../../../src/observe/log.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const kubeProxy: OtherProxy = { sign: 'process', name: 'kube-proxy', seen: 'process 17' };

/** In small steps, so that what was promised meanwhile is done in between. */
async function pass(clock: ManualClock, milliseconds: number): Promise<void> {
  for (let left = milliseconds; left >= 0; left -= 100) {
    await clock.advance(Math.min(left, 100));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function setup(settings: string, present: readonly OtherProxy[], flags: readonly string[] = []) {
  const identity = 'apiVersion: ipvs-proxier.io/v1alpha1\nkind: ProxierConfiguration\n';
  const argv = ['--proxy-mode=ipvs', '--proxier-config=p', ...flags];
  const invocation = loadConfig({ argv, readFile: () => `${identity}${settings}`, version });
  if (invocation.kind !== 'run') throw new Error('no settings');
  const clock = new ManualClock();
  const seen: string[] = [];
  const world = { present };
  const daemon: Daemon = {
    announce: ({ reason }) => seen.push(`event ${reason}`),
    reconfigure: () => {},
    takeOver: async () => void seen.push('take over'),
    stop: async () => void seen.push('stop'),
  };
  const text = ({ healthz, metrics }: ServedAddresses) =>
    [healthz, metrics].map((address) => (address === undefined ? 'nowhere' : `${address.host}:${address.port}`)).join();
  const started = operate({
    config: invocation.settings.config,
    start: async (observes) => {
      seen.push(observes ? 'observe' : 'serve');
      return daemon;
    },
    listen: (_daemon, addresses) => void seen.push(`listen ${text(addresses)}`),
    onFatal: ({ message }) => seen.push(`fatal ${message}`),
    clock,
    log: silentLog,
    findOthers: async (_config, ownPorts) => {
      if (!seen.includes(`not asked: ${ownPorts?.join()}`)) seen.push(`not asked: ${ownPorts?.join()}`);
      return world.present;
    },
    findProcesses: () => world.present,
  });
  let failure = '';
  started.catch((error: Error) => {
    failure = error.message;
  });
  return { clock, seen, world, started, failure: () => failure };
}

const usual = 'listen 0.0.0.0:10256,127.0.0.1:10249';
const waiting = 'listen 0.0.0.0:10356,127.0.0.1:10349';

describe('operate', () => {
  it('serves where nobody else does', async () => {
    const { clock, seen } = setup('', []);
    await pass(clock, 0);
    expect(seen).toEqual(['not asked: ', 'serve', usual]);
  });

  it('refuses to serve beside another one, and starts nothing', async () => {
    const { clock, seen, failure } = setup('', [kubeProxy]);
    await pass(clock, 7_000);
    expect(failure()).toContain('kube-proxy (process 17)');
    expect(seen).toEqual(['not asked: ']);
  });

  it('serves beside one that is to be ignored', async () => {
    const { clock, seen } = setup('otherProxy: ignore', [kubeProxy]);
    await pass(clock, 0);
    expect(seen).toEqual(['serve', usual]);
  });

  it('observes on ports of its own, whoever is there', async () => {
    const { clock, seen } = setup('operation: observe', []);
    await pass(clock, 10_000);
    expect(seen).toEqual(['observe', waiting]);
  });

  it('listens nowhere where that is not wanted', async () => {
    const { clock, seen } = setup('operation: observe\nwaiting: {metricsPort: 0}', [], ['--healthz-bind-address=']);
    await pass(clock, 0);
    expect(seen).toEqual(['observe', 'listen nowhere,nowhere']);
  });

  it('takes over when the other one has gone, and opens the usual ports then', async () => {
    const { clock, seen, world } = setup('operation: takeover', [kubeProxy]);
    await pass(clock, 5_000);
    expect(seen).toEqual(['observe', waiting, 'not asked: 10356,10349']);
    world.present = [];
    await pass(clock, 1_000);
    expect(seen.slice(3)).toEqual(['take over', usual, 'event TookOver']);
  });

  it('steps back by ending when another one comes', async () => {
    const { clock, seen, world } = setup('operation: takeover', []);
    await pass(clock, 1_000);
    world.present = [kubeProxy];
    await pass(clock, 3_000);
    expect(seen.slice(-3)).toEqual([
      'event SteppedBack',
      'stop',
      'fatal another Service proxy has appeared: kube-proxy (process 17); stepping back',
    ]);
  });

  it('stops waiting', async () => {
    const { clock, seen, world, started } = setup('operation: takeover', [kubeProxy]);
    await pass(clock, 1_000);
    await (await started).stop();
    world.present = [];
    await pass(clock, 3_000);
    expect(seen.at(-1)).toBe('stop');
  });
});
