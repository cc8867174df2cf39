import type { ProxyConfig } from '../../../src/config/config.ts';
import { describe, expect, it } from '@jest/globals';
import { LiveConfiguration } from '../../../src/app/live-configuration.ts';
import { LiveProxierSettings } from '../../../src/app/live-proxier-settings.ts';
import { version } from '../../../src/app/version.ts';
import { loadConfig } from '../../../src/config/effective-config.ts';
import { silentLog } from '../../../src/observe/log.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const ours = 'apiVersion: ipvs-proxier.io/v1alpha1\nkind: ProxierConfiguration\n';
const theirs = 'apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nmode: ipvs\n';

function setup() {
  const files = new Map([
    ['config', theirs],
    ['proxier', ours],
  ]);
  const load = (): ProxyConfig => {
    const readFile = (path: string) => files.get(path) ?? '';
    const invocation = loadConfig({ argv: ['--config=config', '--proxier-config=proxier'], readFile, version });
    if (invocation.kind !== 'run') throw new Error('no settings');
    return invocation.settings.config;
  };
  const clock = new ManualClock();
  const watched = new Map<string, () => void>();
  const seen: string[] = [];
  const config = load();
  const live = new LiveConfiguration({
    config,
    files: [...files.keys()],
    reload: load,
    setVerbosity: (verbosity) => seen.push(`verbosity ${verbosity}`),
    setProxierSettings: (settings) => seen.push(`deadline ${settings.drainDeadlineMs}`),
    onFatal: ({ message }) => seen.push(`fatal ${message}`),
    clock,
    log: silentLog,
    watch: ({ path, onChanged }) => {
      watched.set(path, onChanged);
      return () => watched.delete(path);
    },
  });
  live.start();
  const write = async (path: string, text: string) => {
    files.set(path, text);
    watched.get(path)?.();
    await clock.advance(1_000);
  };
  return { live, write, seen, files, watched, clock };
}

const restart = "fatal content of the proxy server's configuration file was updated";

describe('LiveConfiguration', () => {
  it.each<[string, string, string, string[]]>([
    ['takes up the verbosity', 'config', `${theirs}logging: {verbosity: 4}\n`, ['verbosity 4']],
    ['takes up settings of ours', 'proxier', `${ours}drain: {deadline: 1m}\n`, ['deadline 60000']],
    ['does nothing for a comment', 'config', `${theirs}# hello\n`, []],
    ['ends the process for another scheduler', 'config', `${theirs}ipvs: {scheduler: lc}\n`, [restart]],
    ['ends the process for another flavour', 'proxier', `${ours}iptables: {flavour: nft}\n`, [restart]],
    ['ends the process for another operation', 'proxier', `${ours}operation: observe\n`, [restart]],
    ['keeps what is in force when a file is broken', 'config', 'mode: [', []],
    ['keeps what is in force when a value is wrong', 'proxier', `${ours}drain: {deadline: 1000h}\n`, []],
    ['keeps what is in force when a file is empty', 'config', '', []],
  ])('%s', async (_name, path, text, expected) => {
    const { write, seen } = setup();
    await write(path, text);
    expect(seen).toEqual(expected);
  });

  it('goes on watching, and compares with what it took up', async () => {
    const { write, seen } = setup();
    await write('config', `${theirs}logging: {verbosity: 4}\n`);
    await write('config', `${theirs}logging: {verbosity: 4}\n`);
    await write('config', 'mode: [');
    await write('config', theirs);
    expect(seen).toEqual(['verbosity 4', 'verbosity 0']);
  });

  it('reads a file that is written in several steps once, at the end', async () => {
    const { write, seen, files, watched, clock } = setup();
    files.set('config', 'mode: [');
    watched.get('config')?.();
    await clock.advance(400);
    await write('config', `${theirs}logging: {verbosity: 2}\n`);
    expect(seen).toEqual(['verbosity 2']);
  });

  it('can be asked to read the files, and stops', async () => {
    const { live, seen, files, watched, clock } = setup();
    files.set('config', `${theirs}logging: {verbosity: 3}\n`);
    live.reload();
    watched.get('config')?.();
    live.stop();
    files.set('config', theirs);
    await clock.advance(10_000);
    expect([seen, watched.size]).toEqual([['verbosity 3'], 0]);
  });
});

describe('LiveProxierSettings', () => {
  it('shows what was put in last', () => {
    const first = {
      drainDeadlineMs: 1,
      drainUdpGraceMs: 2,
      externalPolicyFallback: 'cluster',
      auditPeriodMs: 3,
      iptablesFlavour: 'auto',
      operation: { mode: 'active', otherProxy: 'refuse', waitingHealthzPort: 10_356, waitingMetricsPort: 10_349 },
    } as const;
    const second = { ...first, drainDeadlineMs: 4, drainUdpGraceMs: 5, externalPolicyFallback: 'drop' } as const;
    const settings = new LiveProxierSettings(first);
    const read = () =>
      Object.fromEntries((Object.keys(first) as (keyof typeof first)[]).map((name) => [name, settings[name]]));
    expect(read()).toEqual(first);
    settings.replace(second);
    expect(read()).toEqual(second);
  });
});
