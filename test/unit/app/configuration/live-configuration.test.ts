import { describe, expect, it } from '@jest/globals';
import { LiveConfiguration, type ReadConfiguration } from '../../../../src/app/configuration/live-configuration.ts';
import { LiveProxierSettings } from '../../../../src/app/configuration/live-proxier-settings.ts';
import { version } from '../../../../src/app/version.ts';
import { loadConfig } from '../../../../src/config/effective-config.ts';
import type { ConfigFileChange } from '../../../../src/observe/config-file-watch.ts';
import { silentLog } from '../../../../src/observe/log.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

const ours = 'apiVersion: ipvs-proxier.io/v1alpha1\nkind: ProxierConfiguration\n';
const theirs = 'apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nmode: ipvs\n';

function setup() {
  const files = new Map([
    ['config', theirs],
    ['proxier', ours],
  ]);
  const load = (): ReadConfiguration => {
    const readFile = (path: string) => {
      const text = files.get(path);
      if (text === undefined) throw new Error('EACCES: permission denied');
      return text;
    };
    const invocation = loadConfig({ argv: ['--config=config', '--proxier-config=proxier'], readFile, version });
    if (invocation.kind !== 'run') throw new Error('no settings');
    return invocation.settings;
  };
  const clock = new ManualClock();
  const watched = new Map<string, (change: ConfigFileChange) => void>();
  const unwatchable = new Set<string>();
  const seen: string[] = [];
  const live = new LiveConfiguration({
    settings: load(),
    files: [...files.keys()],
    reload: load,
    setVerbosity: (verbosity) => seen.push(`verbosity ${verbosity}`),
    setProxierSettings: (settings) => seen.push(`deadline ${settings.drainDeadlineMs}`),
    onFatal: ({ message }) => seen.push(`fatal ${message}`),
    clock,
    log: {
      ...silentLog,
      warning: (message, fields) => seen.push(`warning ${message}: ${String(fields?.['fields'])}`),
      error: (message) => seen.push(`error ${message}`),
    },
    watch: ({ path, onChanged }) => {
      if (unwatchable.has(path)) throw new Error('ENOENT');
      watched.set(path, onChanged);
      return () => watched.delete(path);
    },
  });
  live.start();
  const write = async (path: string, text: string | undefined, change: ConfigFileChange = 'written') => {
    if (text === undefined) files.delete(path);
    else files.set(path, text);
    watched.get(path)?.(change);
    await clock.advance(1_000);
  };
  return { live, write, seen, files, watched, unwatchable, clock };
}

const restart = (fields: string) =>
  `fatal content of the proxy server's configuration file was updated; a restart takes up ${fields}`;
const unusable = 'error The configuration cannot be used; the one in force stays';

describe('LiveConfiguration', () => {
  it.each<[string, string, string, string[]]>([
    ['takes up the verbosity', 'config', `${theirs}logging: {verbosity: 4}\n`, ['verbosity 4']],
    ['takes up settings of ours', 'proxier', `${ours}drain: {deadline: 1m}\n`, ['deadline 60000']],
    ['does nothing for a comment', 'config', `${theirs}# hello\n`, []],
    [
      'ends the process for another scheduler',
      'config',
      `${theirs}ipvs: {scheduler: lc}\n`,
      [restart('ipvs.scheduler')],
    ],
    [
      'names every field that needs a new process',
      'config',
      `${theirs}ipvs: {strictARP: true}\nnodePortAddresses: [10.0.0.0/8]\nlogging: {verbosity: 2}\n`,
      [restart('ipvs.strictARP, nodePortAddresses')],
    ],
    [
      'ends the process for another flavour',
      'proxier',
      `${ours}iptables: {flavour: nft}\n`,
      [restart('iptables.flavour')],
    ],
    ['ends the process for another operation', 'proxier', `${ours}operation: observe\n`, [restart('operation')]],
    ['keeps what is in force when a file is broken', 'config', 'mode: [', [unusable]],
    ['keeps what is in force when a value is wrong', 'proxier', `${ours}drain: {deadline: 1000h}\n`, [unusable]],
    ['keeps what is in force when a file is empty', 'config', '', [unusable]],
    ['keeps what is in force when a file is half-written', 'config', theirs.slice(0, 60), [unusable]],
    ['does nothing for what another mode has', 'config', `${theirs}nftables: {masqueradeBit: 3}\n`, []],
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
    expect(seen).toEqual(['verbosity 4', unusable, 'verbosity 0']);
  });

  it('takes up what it can of a file that was replaced, names the rest once, and goes on', async () => {
    const { write, seen } = setup();
    const lc = `${theirs}ipvs: {scheduler: lc}\nlogging: {verbosity: 3}\n`;
    await write('config', lc, 'replaced');
    await write('config', `${lc}# again\n`, 'replaced');
    await write('proxier', `${ours}drain: {deadline: 1m}\n`, 'replaced');
    const told = 'warning Part of the configuration needs a restart: ipvs.scheduler';
    expect(seen.splice(0)).toEqual(['verbosity 3', told, 'deadline 60000']);
    await write('config', theirs, 'replaced');
    await write('config', lc, 'replaced');
    expect(seen.splice(0)).toEqual(['verbosity 0', 'verbosity 3', told]);
    await write('config', lc);
    expect(seen).toEqual([restart('ipvs.scheduler')]);
  });

  it.each([
    ['knownNodes', 'knownNodes: all'],
    ['statusSocket', 'statusSocket: /run/other.sock'],
    ['iptables.flavour', 'iptables: {flavour: nft}'],
    ['apiServer.discovery', 'apiServer: {discovery: false}'],
  ])('does not take %s for taken up by a file that was replaced', async (field, text) => {
    const { write, seen } = setup();
    await write('proxier', `${ours}${text}\n`, 'replaced');
    expect(seen.splice(0)).toEqual([`warning Part of the configuration needs a restart: ${field}`]);
    await write('proxier', `${ours}${text}\n`);
    expect(seen).toEqual([restart(field)]);
  });

  it('says once that a file cannot be used, whatever is written to it, until it can', async () => {
    const { write, seen } = setup();
    await write('config', undefined);
    await write('config', undefined, 'replaced');
    expect(seen.splice(0)).toEqual([unusable]);
    await write('config', theirs, 'replaced');
    await write('config', undefined, 'replaced');
    expect(seen).toEqual([unusable]);
  });

  it('watches a file again that was away for a while, and reads it then', async () => {
    const { write, seen, files, unwatchable, clock } = setup();
    unwatchable.add('config');
    await write('config', undefined);
    await clock.advance(20_000);
    expect(seen.splice(0)).toEqual(['error The configuration file cannot be watched, trying again']);
    files.set('config', `${theirs}logging: {verbosity: 4}\n`);
    unwatchable.clear();
    await clock.advance(5_000);
    await write('config', `${theirs}logging: {verbosity: 5}\n`);
    expect(seen).toEqual(['verbosity 4', 'verbosity 5']);
  });

  it('reads a file that is written in several steps once, at the end', async () => {
    const { write, seen, files, watched, clock } = setup();
    files.set('config', 'mode: [');
    watched.get('config')?.('written');
    await clock.advance(400);
    await write('config', `${theirs}logging: {verbosity: 2}\n`);
    expect(seen).toEqual(['verbosity 2']);
  });

  it('catches up with what was written before it began to watch, without a word where nothing was', async () => {
    const { live, seen, files, clock } = setup();
    live.catchUp();
    await clock.advance(1_000);
    expect(seen).toEqual([]);
    files.set('config', `${theirs}ipvs: {scheduler: lc}\nlogging: {verbosity: 3}\n`);
    live.catchUp();
    await clock.advance(1_000);
    expect(seen).toEqual(['verbosity 3', 'warning Part of the configuration needs a restart: ipvs.scheduler']);
  });

  it('can be asked to read the files, and stops', async () => {
    const { live, seen, files, watched, clock } = setup();
    files.set('config', `${theirs}logging: {verbosity: 3}\n`);
    live.reload();
    watched.get('config')?.('written');
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
      traffic: { level: 'off', maxSeries: 10_000 },
      apiServer: { urls: [], tlsServerName: '', discovery: false, cacheFile: '' },
      statusSocket: '',
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
