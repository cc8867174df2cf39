import { afterAll, describe, expect, it } from '@jest/globals';
import { program } from './daemon-process.ts';
import { LabNode } from './lab-node.ts';

const node = new LabNode();
afterAll(() => node.close());

describe('the command line', () => {
  it.each([
    ['an absolute path', '/', program],
    ['a relative path', `${program}/../../test`, '../dist/ipvs-proxier'],
    ['a symbolic link', '/', `${node.directory}/link`],
    ['a link to a link, through PATH', '/', 'PATH="$LINKS:$PATH" proxier'],
  ])('prints its version when started by %s', async (_name, directory, command) => {
    const links = [`ln -sf ${program} ${node.directory}/link`, `ln -sf link ${node.directory}/proxier`];
    const started = `cd "$(readlink -m ${directory})" && LINKS=${node.directory} && ${command} --version`;
    expect(await node.shell.run(`${links.join('\n')}\n${started}`)).toBe('Kubernetes v1.36.0\n');
  });

  it('prints what it was built from', async () => {
    expect(JSON.parse(await node.shell.run(`${program} --version=raw`))).toEqual({
      major: 1,
      minor: 36,
      patch: 0,
      text: 'v1.36.0',
      ipvsProxier: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      commit: expect.stringMatching(/^([\da-f]{40}|unknown)$/),
      treeState: expect.stringMatching(/^(clean|dirty|)$/),
      date: expect.stringMatching(/^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ|unknown)$/),
      node: expect.stringMatching(/^v\d+\./),
    });
  });

  it('explains its flags', async () => {
    const help = await node.shell.run(`${program} --help`);
    expect(help).toMatch(/^Makes Kubernetes Services work/);
    expect(help).toContain('--kubeconfig string');
  });

  it.each([
    ['an unknown flag', '--nonsense', 'unknown flag: --nonsense'],
    ['a value that is no number', '--ipvs-sync-period=soon', '"soon"'],
    ['a positional argument', 'please', 'please'],
  ])('refuses %s with exit code 1 and one line', async (_name, argument, words) => {
    const result = await node.shell.run(`${program} ${argument} >/dev/null 2>${node.directory}/err; echo "$?"`);
    expect(result).toBe('1\n');
    const lastLine = (await node.shell.run(`tail -n 1 ${node.directory}/err`)).trimEnd();
    expect(lastLine).toMatch(/^(Error: |E\d{4} )/);
    expect(lastLine).toContain(words);
  });
});
