import { describe, expect, it } from '@jest/globals';
import { optionTable } from '../../../../src/cli/ipvs-status/options.ts';
import {
  isForServices,
  parseServicesOptions,
  servicesOptionTable,
} from '../../../../src/cli/services/services-options.ts';

const words = (text: string) => text.split(' ').filter(Boolean);

describe('which command lines are for Services', () => {
  it.each(['--services', '-L --services', '-Ln -o json', '-Lno yaml', '-ojson', '-o=wide', '--watch', '--node=a'])(
    '%s is',
    (text) => expect(isForServices(words(text))).toBe(true),
  );
  it.each(['', '-Ln', '-L -o', '-A -t 1.1.1.1:1 -o', '-L -o foo', '-o', '-Ln --stats', '--servicesx', '-x -o json1'])(
    '%j is ipvsadm’s',
    (text) => expect(isForServices(words(text))).toBe(false),
  );

  it('takes no name or letter that ipvsadm has, but for -o with a value', () => {
    const taken = new Set(optionTable.flatMap(({ short, long }) => [short, long]));
    expect(Object.keys(servicesOptionTable).filter((name) => taken.has(name))).toEqual([]);
  });
});

describe('what is understood', () => {
  it('everything by default', () => {
    expect(parseServicesOptions(['--services'])).toEqual({
      output: 'table',
      watch: false,
      intervalMs: 1000,
      count: undefined,
      service: '',
      namespace: '',
      address: undefined,
      port: undefined,
      node: '',
      socket: '/run/ipvs-proxier/status.sock',
    });
  });

  it.each([
    ['-Lno json', { output: 'json' }],
    ['-owide', { output: 'wide' }],
    ['-L -n -o=yaml', { output: 'yaml' }],
    ['--output table -l', { output: 'table' }],
    ['--watch --interval 0.5 --count 3', { watch: true, intervalMs: 500, count: 3 }],
    ['--service shop/web', { service: 'shop/web', namespace: 'shop' }],
    ['--service svc/shop/web', { service: 'shop/web' }],
    ['--service web', { service: 'default/web' }],
    ['--service web --namespace shop', { service: 'shop/web' }],
    ['--service shop/web --namespace shop', { service: 'shop/web' }],
    ['--address 10.96.0.1', { address: '10.96.0.1', port: undefined }],
    ['--address 10.96.0.1:80', { address: '10.96.0.1', port: 80 }],
    ['--address [FD00::0001]:80', { address: 'fd00::1', port: 80 }],
    ['--address fd00::1', { address: 'fd00::1', port: undefined }],
    ['--node=n1 --socket /tmp/s', { node: 'n1', socket: '/tmp/s' }],
  ])('%s', (text, expected) => expect(parseServicesOptions(words(text))).toMatchObject(expected));
});

describe('what is refused, in one line', () => {
  it.each([
    ['--services -o xml', '-o takes table, wide, json, yaml, not "xml"'],
    ['--services --foo', 'option --foo does not go with --services and the like'],
    ['--services --stats', 'option --stats does not go with --services and the like'],
    ['--services -c', 'option -c does not go with --services and the like'],
    ['--services -t 10.0.0.1:80', 'option -t does not go with --services and the like'],
    ['--services foo', 'unexpected argument "foo"'],
    ['--service', 'option --service needs a value'],
    ['--services -o', 'option --output needs a value'],
    ['--watch -o json', '--watch shows a table: it does not go with -o json'],
    ['--services --interval 1', '--interval goes with --watch only'],
    ['--services --count 1', '--count goes with --watch only'],
    ['--watch --interval 0', '--interval takes a number from 0.2 to 3600, not "0"'],
    ['--watch --interval 1e1', '--interval takes a number'],
    ['--watch --count 0', '--count takes a number from 1 to 1000000, not "0"'],
    ['--service a/b/c', '--service takes NAMESPACE/NAME, not "a/b/c"'],
    ['--service /b', '--service takes NAMESPACE/NAME, not "/b"'],
    ['--service a/b --namespace c', '--namespace c and --service a/b contradict each other'],
    ['--address 10.96.0.256', '--address takes ADDRESS[:PORT], not "10.96.0.256"'],
    ['--address 10.96.0.1:65536', '--address takes ADDRESS[:PORT]'],
    ['--address web', '--address takes ADDRESS[:PORT], not "web"'],
    ['--services=yes', "Option '--services' does not take an argument"],
  ])('%s', (text, expected) => {
    let message = '';
    try {
      parseServicesOptions(words(text));
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toContain(expected);
    expect(message).not.toContain('\n');
  });
});
