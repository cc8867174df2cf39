import { spawnSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import { planSyntax } from '../../../../src/cli/plan/plan-syntax.ts';
import { runTool, type ToolRun } from '../../../../src/app/tools/run-tool.ts';

async function run(line: string, tool: ToolRun = async () => 0, colours = false) {
  let output = '';
  let error = '';
  const world = {
    terminal: { width: 60, colours },
    environment: {},
    readFile: () => '',
    write: (text: string) => (output += text),
    writeError: (text: string) => (error += text),
  };
  const argv = line === '' ? [] : line.split(' ');
  const exitCode = await runTool(argv, world, { plan: tool }, [planSyntax]);
  return { exitCode, output, error };
}

describe('tools', () => {
  it('explain themselves, as wide as the terminal', async () => {
    const { output, exitCode } = await run('plan --help');
    expect(exitCode).toBe(0);
    expect(output).toContain('ipvs-proxier plan --config new.yaml');
    expect(output).toContain('--operations');
    const wide = output.split('\n').filter((line) => line.length > 60);
    expect(wide.filter((line) => !line.includes('ipvs-proxier plan'))).toEqual([]);
  });

  it('are listed', async () => {
    expect((await run('')).output).toMatch(/^ {2}plan +Shows what Services want/m);
    expect((await run('help plan')).output).toBe((await run('plan -h')).output);
    expect((await run('help', undefined, true)).output).toContain('\x1b[1mTools:\x1b[0m');
  });

  it('get options and flags of the daemon', async () => {
    let seen: unknown;
    const tool: ToolRun = async ({ options, daemonFlags }) => {
      seen = { output: options.get('output'), daemonFlags };
      return 1;
    };
    expect((await run('plan -o json --cluster-cidr 10.0.0.0/8 --masquerade-all', tool)).exitCode).toBe(1);
    expect(seen).toEqual({ output: ['json'], daemonFlags: ['--cluster-cidr', '10.0.0.0/8', '--masquerade-all'] });
  });

  it.each([
    ['plan --nonsense', 'ipvs-proxier plan: unknown option --nonsense; see ipvs-proxier help plan\n'],
    ['help nonsense', 'ipvs-proxier help: unknown tool "nonsense"; see ipvs-proxier help\n'],
    [
      'completion tcsh',
      'ipvs-proxier completion: completion is for bash, zsh, fish: name one of them; see ipvs-proxier help\n',
    ],
  ])('%s ends with code 2 and one line', async (line, error) => {
    expect(await run(line)).toEqual({ exitCode: 2, output: '', error });
  });

  it('tell of a failure in one line', async () => {
    const tool: ToolRun = () => Promise.reject(new Error('no way\nbecause'));
    expect(await run('plan', tool)).toEqual({ exitCode: 2, output: '', error: 'ipvs-proxier plan: no way; because\n' });
  });
});

describe('completion', () => {
  it('of bash offers tools, options, flags and values', async () => {
    const { output } = await run('completion bash');
    const offered = (words: string) => {
      const list = words.split(' ');
      const script = `${output}\nCOMP_WORDS=(${list.map((word) => `"${word}"`).join(' ')}); COMP_CWORD=${list.length - 1}
_ipvs_proxier; echo "\${COMPREPLY[@]}"`;
      return spawnSync('bash', ['-c', script], { encoding: 'utf8' }).stdout.trim();
    };
    expect(offered('ipvs-proxier pl')).toBe('plan');
    expect(offered('ipvs-proxier plan --of')).toBe('--offline');
    expect(offered('ipvs-proxier plan --cluster-')).toBe('--cluster-cidr');
    expect(offered('ipvs-proxier plan -o ')).toBe('text json');
    expect(offered('ipvs-proxier --kubec')).toBe('--kubeconfig');
    expect(offered('ipvs-proxier completion f')).toBe('fish');
  });

  it('of zsh and fish is theirs', async () => {
    expect((await run('completion zsh')).output).toMatch(/^#compdef ipvs-proxier\n/);
    expect((await run('completion fish')).output).toContain('__fish_seen_subcommand_from plan" -l output -s o -x');
  });
});
