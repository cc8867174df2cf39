import { describe, expect, it } from '@jest/globals';
import { UsageError } from '../../../src/config/errors.ts';
import { flagTable } from '../../../src/config/flag-table.ts';
import { parseFlags, printFlags } from '../../../src/config/parse-flags.ts';

function messageOf(argv: readonly string[]): string {
  try {
    parseFlags(argv);
  } catch (error) {
    return (error as Error).message;
  }
  return 'fine';
}

const value = (name: string, ...argv: string[]): unknown => parseFlags(argv).values.get(name);

describe('parseFlags', () => {
  it.each([
    ['a value after an equals sign', 'proxy-mode', ['--proxy-mode=ipvs'], 'ipvs'],
    ['a value as the next argument', 'proxy-mode', ['--proxy-mode', 'ipvs'], 'ipvs'],
    ['an equals sign inside of the value', 'master', ['--master=https://a?b=c'], 'https://a?b=c'],
    ['a blank value', 'proxy-mode', ['--proxy-mode='], ''],
    ['underscores for dashes', 'proxy-mode', ['--proxy_mode=ipvs'], 'ipvs'],
    ['the last of two', 'proxy-mode', ['--proxy-mode=a', '--proxy-mode=b'], 'b'],
    ['a value that looks like a flag', 'oom-score-adj', ['--oom-score-adj', '-500'], -500],
    ['a switch without a value', 'cleanup', ['--cleanup'], true],
    ['a switch set to false', 'iptables-localhost-nodeports', ['--iptables-localhost-nodeports=F'], false],
    ['a switch set to 1', 'cleanup', ['--cleanup=1'], true],
    ['-v with a value attached', 'v', ['-v4'], 4],
    ['-v with an equals sign', 'v', ['-v=4'], 4],
    ['-v with the next argument', 'v', ['-v', '4'], 4],
    ['--v', 'v', ['--v=4'], 4],
    ['a hexadecimal number', 'conntrack-min', ['--conntrack-min=0x10'], 16],
    ['an octal number', 'conntrack-min', ['--conntrack-min=010'], 8],
    ['a duration', 'config-sync-period', ['--config-sync-period=1m'], 60_000_000_000n],
    ['a fraction', 'kube-api-qps', ['--kube-api-qps=-0.5'], -0.5],
    ['a list', 'nodeport-addresses', ['--nodeport-addresses=a,b'], ['a', 'b']],
    ['a list given twice', 'nodeport-addresses', ['--nodeport-addresses=a', '--nodeport-addresses=b'], ['a', 'b']],
    ['a quoted list element', 'nodeport-addresses', ['--nodeport-addresses="a,b",c'], ['a,b', 'c']],
    ['directories, with commas kept', 'manifests', ['--manifests=a,b', '--manifests', 'c'], ['a,b', 'c']],
    ['merged gates', 'feature-gates', ['--feature-gates=A=true,B=false', '--feature-gates=B=1'], { A: true, B: true }],
    [
      'patterns',
      'vmodule',
      ['--vmodule=a*=2,b=3'],
      [
        { filePattern: 'a*', verbosity: 2 },
        { filePattern: 'b', verbosity: 3 },
      ],
    ],
    ['a bare listener address', 'healthz-bind-address', ['--healthz-bind-address=fd00::1'], 'fd00::1'],
    ['a listener address with port', 'healthz-bind-address', ['--healthz-bind-address=[::]:1'], '[::]:1'],
    ['--version alone', 'version', ['--version'], 'true'],
    ['--version=raw', 'version', ['--version=raw'], 'raw'],
  ] as const)('reads %s', (_name, flag, argv, expected) => {
    expect(value(flag, ...argv)).toEqual(expected);
  });

  it.each([
    [['--nope'], 'unknown flag: --nope'],
    [['--constructor'], 'unknown flag: --constructor'],
    [['--logtostderr'], 'unknown flag: --logtostderr'],
    [['-x'], "unknown shorthand flag: 'x' in -x"],
    [['-config=/x'], 'unknown shorthand flag'],
    [['-vx'], 'invalid argument "x" for "-v, --v" flag'],
    [['--config'], 'flag needs an argument: --config'],
    [['-v'], "flag needs an argument: 'v' in -v"],
    [['--=x'], 'bad flag syntax: --=x'],
    [['---x'], 'bad flag syntax: ---x'],
    [['--cleanup=maybe'], 'invalid argument "maybe" for "--cleanup" flag'],
    [['--v=-1'], 'invalid argument "-1"'],
    [['--oom-score-adj=2147483648'], 'out of range'],
    [['--oom-score-adj=1.5'], 'invalid argument'],
    [['--ipvs-sync-period=5'], 'missing unit in duration'],
    [['--bind-address=10.0.0.1:80'], 'is not an IP address'],
    [['--healthz-bind-address=host:80'], 'is not an IP address'],
    [['--healthz-bind-address=1.2.3.4:65536'], 'is not a port'],
    [['--feature-gates=A'], 'missing bool value for A'],
    [['--vmodule=a'], 'is not pattern=N'],
    [['--log-text-info-buffer-size=x'], 'is not a quantity'],
    [['--nodeport-addresses="a'], 'unpaired quote'],
    [['serve'], 'does not take any arguments, got "serve"'],
    [['--', 'serve'], 'does not take any arguments, got "serve"'],
    [['-'], 'does not take any arguments, got "-"'],
  ])('refuses %j', (argv, message) => {
    expect(() => parseFlags(argv)).toThrow(UsageError);
    expect(() => parseFlags(argv)).toThrow(message);
  });

  it('says of every flag whose value can be wrong what is allowed', () => {
    const told = flagTable.flatMap(({ name, type }) => {
      if (['string', 'paths', 'version'].includes(type)) return []; // any text is fine, or looked at later
      return [[name, messageOf([`--${name}="`])] as const];
    });
    expect(told.length).toBeGreaterThan(40);
    for (const [name, message] of told) {
      expect(message).toMatch(new RegExp(`^invalid argument ".*" for "(-v, )?--${name}" flag: .*, allowed: .`));
    }
  });

  it('accepts blank positional arguments', () => {
    expect(parseFlags(['', '--', '']).help).toBe(false);
  });

  it.each([['--help'], ['-h']])('stops at %s', (argument) => {
    expect(parseFlags(['--cleanup', argument, '--nope']).help).toBe(true);
  });

  it('reports an error that comes before --help', () => {
    expect(() => parseFlags(['--nope', '--help'])).toThrow('unknown flag');
  });

  it('knows which flags were given', () => {
    expect([...parseFlags(['--cleanup=false', '-v0']).given]).toEqual(['cleanup', 'v']);
  });
});

describe('printFlags', () => {
  it('prints every default as the table has it', () => {
    const texts = printFlags(parseFlags([]));
    const lists = ['list', 'paths'];
    const expected = flagTable.map((flag) => [flag.name, lists.includes(flag.type) ? '[]' : flag.default]);
    expect(texts).toEqual({ ...Object.fromEntries(expected), help: 'false' });
  });

  it('prints values so that they can be given again', () => {
    const argv = [
      '--vmodule=a=2,b=3',
      '--feature-gates=B=true,A=false',
      '--nodeport-addresses=a,b',
      '--kube-api-qps=0.5',
    ];
    expect(printFlags(parseFlags(argv))).toMatchObject({
      vmodule: 'a=2,b=3',
      'feature-gates': 'A=false,B=true',
      'nodeport-addresses': '[a,b]',
      'kube-api-qps': '0.5',
    });
  });
});
