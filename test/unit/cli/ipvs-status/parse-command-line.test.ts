import { describe, expect, it } from '@jest/globals';
import { type Invocation, parseCommandLine } from '../../../../src/cli/ipvs-status/parse-command-line.ts';
import { ip } from '../../../support/builders.ts';

const parse = (commandLine: string): Invocation =>
  parseCommandLine(commandLine.split(' ').filter(Boolean), 'ipvs-status', {
    hostAddress: (name) => (name === 'known' ? ip('10.0.0.1') : name === 'new' ? null : undefined),
    portNumber: (name, protocol) => (name === 'domain' && protocol === 'UDP' ? 53 : undefined),
  });

const refused = (commandLine: string) => {
  const invocation = parse(commandLine);
  return invocation.kind === 'refused' ? [invocation.exitCode, invocation.message.trimEnd()] : invocation.kind;
};

describe('what is asked for', () => {
  it.each([
    ['', []],
    ['-L', []],
    ['-Ln', ['numeric']],
    ['--list --numeric', ['numeric']],
    ['-lnc', ['numeric', 'connection']],
    ['-Ln --stats --exact --nosort --sort', ['numeric', 'stats', 'exact', 'nosort']],
  ])('%s', (commandLine, options) => {
    expect(parse(commandLine)).toEqual({ kind: 'list', options: new Set(options) });
  });

  it.each([
    ['-Lnt 10.0.0.1:80', { kind: 'address', protocol: 'TCP', address: '10.0.0.1', port: 80 }],
    ['-Lnt10.0.0.1:80', { kind: 'address', protocol: 'TCP', address: '10.0.0.1', port: 80 }],
    ['-Ln --udp-service=known:domain', { kind: 'address', protocol: 'UDP', address: '10.0.0.1', port: 53 }],
    ['-Ln --sctp-service [fd00:0::1]:80', { kind: 'address', protocol: 'SCTP', address: 'fd00::1', port: 80 }],
    ['-Ln -t fd00::1:80', { kind: 'address', protocol: 'TCP', address: 'fd00::1:80', port: 0 }],
    ['-Ln -t ::ffff:10.0.0.1', { kind: 'address', protocol: 'TCP', address: '::ffff:10.0.0.1', port: 0 }],
    ['-Ln -t [10.0.0.9]:80', { kind: 'address', protocol: 'TCP', address: '10.0.0.9', port: 0 }],
    ['-Ln -t 0xa.010.258:080', { kind: 'address', protocol: 'TCP', address: '10.8.1.2', port: 80 }],
    ['-Lnf7', { kind: 'firewallMark', firewallMark: 7, family: 'IPv4' }],
    ['-Lnf 07 -6', { kind: 'firewallMark', firewallMark: 7, family: 'IPv6' }],
  ])('%s', (commandLine, selected) => {
    expect(parse(commandLine)).toMatchObject({ kind: 'list', selected });
  });

  it('a host that is not known yet is to be looked up, one that does not exist is refused', () => {
    expect(parse('-L -t new:80')).toEqual({ kind: 'lookUp', host: 'new' });
    expect(refused('-L -t nobody:80')).toEqual([2, 'illegal virtual server address[:port] specified']);
  });
});

describe('what is refused', () => {
  it.each([
    ['-nL', 255, "Try `ipvs-status -h' or 'ipvs-status --help' for more information."],
    ['--li', 255, "Try `ipvs-status -h' or 'ipvs-status --help' for more information."],
    ['-L --stat', 255, '--stat: unknown option'],
    ['-Lt', 255, '-Lt: missing argument'],
    ['-L --stats=3', 255, '--stats=3: option does not take an argument'],
    ['-L -L', 2, "invalid option `-L'"],
    ['-L --stop-daemon backup', 2, "invalid option `backup'"],
    ['-L foo -n', 2, 'unexpected argument foo'],
    ['-L -- -n', 2, 'unexpected argument -n'],
    ['-Lnn', 2, "multiple 'numeric' options specified"],
    ['-L -6', 2, '-6 used before -f'],
    ['-L -f 0', 2, "invalid fwmark value `0' specified"],
    ['-L -w 3', 2, "Illegal 'weight' option with the 'list' command"],
    ['-L -w x', 2, 'illegal weight specified'],
    ['-L -b sh-port', 2, "incompatible scheduler flag `sh-port'"],
    ['-Sn --stats', 2, "Illegal 'stats' option with the 'save' command"],
    [
      '-Lc -t 10.0.0.1:80',
      2,
      "The option 'service-address' conflicts with the 'connection' option in the 'list' command",
    ],
    ['-Lc --stats', 2, 'options conflicts in the list command'],
  ])('%s', (commandLine, exitCode, message) => {
    expect(refused(commandLine)).toEqual([exitCode, message]);
  });
});
