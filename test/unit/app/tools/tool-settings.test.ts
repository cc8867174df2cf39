import { describe, expect, it } from '@jest/globals';
import { toolSettings } from '../../../../src/app/tools/tool-settings.ts';

const settings = (given: readonly string[], running: readonly string[], options: [string, string[]][] = []) =>
  toolSettings({ daemonFlags: given, options: new Map(options) }, { readFile: () => '' }, () => ({
    processId: 7,
    flags: running,
  }));

describe('the configuration of a tool', () => {
  it('is that of the running daemon', () => {
    const {
      settings: loaded,
      nodeName,
      isThisNode,
      daemon,
    } = settings([], ['--ipvs-scheduler=lc', '--hostname-override=a']);
    expect(loaded.config.ipvs.scheduler).toBe('lc');
    expect([nodeName, isThisNode, daemon]).toEqual(['a', true, 7]);
  });

  it('gives way to what is on the command line', () => {
    expect(settings(['--ipvs-scheduler=sh'], ['--ipvs-scheduler=lc']).settings.config.ipvs.scheduler).toBe('sh');
    expect(settings([], ['--hostname-override=a'], [['node', ['b']]])).toMatchObject({
      nodeName: 'b',
      isThisNode: false,
    });
  });

  it('takes objects from one place', () => {
    const running = ['--manifests', '/a', '--manifests=/b', '--ipvs-scheduler=lc'];
    expect(settings([], running).settings.manifests).toEqual(['/a', '/b']);
    const other = settings(['--kubeconfig=/k'], running).settings;
    expect([other.manifests, other.config.clientConnection.kubeconfig, other.config.ipvs.scheduler]).toEqual([
      [],
      '/k',
      'lc',
    ]);
  });

  it('is refused where flags ask for something else', () => {
    expect(() => settings(['--version'], [])).toThrow('--version and --help are for the daemon');
  });
});
