import { describe, expect, it } from '@jest/globals';
import { DriverError } from '../../../../src/kernel/errors.ts';
import { NetlinkError } from '../../../../src/netlink/errors.ts';
import { ip } from '../../../support/builders.ts';
import { markedVirtualServer, virtualServer } from '../../../support/ipvs-builders.ts';
import { observed, runStatus, type TableEntry } from './fake-status-world.ts';

const table: readonly TableEntry[] = [
  [markedVirtualServer(7, 'IPv6'), [observed('[fd00:244::9]:0')]],
  [
    virtualServer('TCP', '10.96.0.1:80', { scheduler: 'sh', flags: 0x18 }),
    [observed('10.244.1.3:8080'), observed('10.244.1.2:8080')],
  ],
  [virtualServer('UDP', '10.96.0.10:53')],
];

const plainHeading = `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
`;

describe('listings', () => {
  it.each([false, true])('the whole table in order, without the text of the table: %s', async (withoutText) => {
    expect(await runStatus('-Ln', { table, withoutText })).toEqual({
      output: `${plainHeading}TCP  10.96.0.1:80 sh (sh-fallback,sh-port)
  -> 10.244.1.2:8080              Masq    1      0          0         
  -> 10.244.1.3:8080              Masq    1      0          0         
UDP  10.96.0.10:53 rr
FWM  7 IPv6 rr
  -> [fd00:244::9]:0              Masq    1      0          0         
`,
      error: '',
      exitCode: 0,
      closed: 1,
      asked: [],
    });
  });

  it('in the order of the kernel', async () => {
    const { output } = await runStatus('-Ln --nosort', { table });
    expect(output.match(/^\S+ +\S+|10\.244\.1\.\d/gm)?.slice(2)).toEqual([
      'FWM  7',
      'TCP  10.96.0.1:80',
      '10.244.1.3',
      '10.244.1.2',
      'UDP  10.96.0.10:53',
    ]);
  });

  it('with names, and nothing looked up twice in the same part', async () => {
    const { output, asked } = await runStatus('', { table: table.slice(1, 2) });
    expect(output).toContain('TCP  web.example.com:http sh');
    expect(asked).toEqual(['10.96.0.1', '10.244.1.3', '10.244.1.2']);
  });

  it('one virtual server, by its name', async () => {
    const { output, asked } = await runStatus('-Ln -t web.example.com:http', { table });
    expect(output.split('\n')[0]).toBe('Prot LocalAddress:Port Scheduler Flags');
    expect(output).toContain('TCP  10.96.0.1:80 sh');
    expect(output).not.toContain('UDP');
    expect(asked).toEqual(['web.example.com']);
  });

  it('more virtual servers than are read at a time', async () => {
    const many = Array.from(
      { length: 1100 },
      (_, index): TableEntry => [
        virtualServer('TCP', `10.96.${index >> 8}.${index & 255}:80`),
        [observed(`10.244.${index >> 8}.${index & 255}:80`)],
      ],
    );
    for (const options of ['-Ln', '-Ln --stats', '-Sn']) {
      const { output } = await runStatus(options, { table: [...many].reverse() });
      const backends = output.split('\n').flatMap((line) => /10\.244\.\d+\.\d+/.exec(line) ?? []);
      expect(backends).toEqual(many.map(([, realServers]) => realServers?.[0]?.address));
    }
  });

  it.each([false, true])('command lines of tunnels and firewall marks too (without text: %s)', async (withoutText) => {
    const tunnel = { forwarding: 'tunnel', tunnel: { type: 'gue', port: 6080, flags: 1 } } as const;
    const entries: TableEntry[] = [
      [virtualServer('TCP', '10.96.0.1:80'), [observed('10.244.1.3:80', tunnel), observed('10.244.1.2:80')]],
      [virtualServer('TCP', '10.96.0.2:80'), [observed('10.244.1.2:80', { forwarding: 'directRouting', weight: 7 })]],
      [markedVirtualServer(7, 'IPv6'), [observed('[fd00::2]:80')]],
    ];
    const { output } = await runStatus('-Sn', { table: entries, withoutText });
    expect(output.split('\n')).toEqual([
      '-A -t 10.96.0.1:80 -s rr',
      '-a -t 10.96.0.1:80 -r 10.244.1.2:80 -m -w 1',
      '-a -t 10.96.0.1:80 -r 10.244.1.3:80 -i -w 1 --tun-type gue --tun-port 6080 --tun-csum',
      '-A -t 10.96.0.2:80 -s rr',
      '-a -t 10.96.0.2:80 -r 10.244.1.2:80 -g -w 7',
      '-A -f 7 -6 -s rr',
      '-a -f 7 -6 -r [fd00::2]:80 -m -w 1',
      '',
    ]);
  });

  it('connections, in the words of the kernel', async () => {
    const end = (address: string, port: number) => ({ address: ip(address), port });
    const connection = {
      protocol: 'UDP',
      source: end('10.0.0.2', 0),
      virtual: end('10.96.0.1', 5060),
      destination: end('10.244.1.2', 5060),
      state: 'NONE',
      expiresSeconds: 6065,
      persistenceEngine: 'sip',
      persistenceData: 'call@host',
    };
    const beginning = 'UDP 101:05 NONE        10.0.0.2:0         10.96.0.1:5060     10.244.1.2:5060';
    const plain = await runStatus('-Lnc', { connections: [connection] });
    expect(plain.output).toBe(
      `IPVS connection entries\npro expire state       source             virtual            destination\n${beginning}\n`,
    );
    const { output } = await runStatus('-Lnc --persistent-conn', { connections: [connection] });
    expect(output.split('\n')[2]).toBe(`${beginning}  sip                call@host`);
  });

  it('time-outs and daemons', async () => {
    expect((await runStatus('-L --timeout')).output).toBe('Timeout (tcp tcpfin udp): 900 120 300\n');
    const daemon = { role: 'master', interfaceName: 'eth0', syncId: 7 } as const;
    const unknown = { maximumLength: 0, group: undefined, port: 0, ttl: 0 };
    const daemons = [
      { ...daemon, maximumLength: 1472, group: ip('224.0.0.81'), port: 8848, ttl: 1 },
      { ...daemon, ...unknown, role: 'backup' as const },
    ];
    expect((await runStatus('-L --daemon', { daemons })).output).toBe(
      'master sync daemon (mcast=eth0, syncid=7, maxlen=1472, group=224.0.0.81, port=8848, ttl=1)\n' +
        'backup sync daemon (mcast=eth0, syncid=7)\n',
    );
  });
});

describe('failures', () => {
  it('no such virtual server', async () => {
    const { output, error, exitCode, closed } = await runStatus('-Ln -f 8', { table });
    expect([output, error, exitCode, closed]).toEqual(['', 'No such service\n', 1, 1]);
  });

  it.each([
    ['no permission', new NetlinkError('read', 1), 'Permission denied (you must be root)'],
    ['no module', new NetlinkError('look up', 2), 'Protocol not available'],
  ])('%s', async (_, failToOpen, reason) => {
    const { error, exitCode } = await runStatus('-Ln', { failToOpen });
    expect(error).toBe(
      `Can't initialize ipvs: ${reason}\nAre you sure that IP Virtual Server is built in the kernel or as module?\n`,
    );
    expect(exitCode).toBe(2);
  });

  it.each([
    [new DriverError('ipvs', 'list', { errnoName: 'ENOMEM' }), 'Memory allocation problem\n'],
    [new NetlinkError('list virtual servers', 110, 'no answer'), 'list virtual servers: ETIMEDOUT (no answer)\n'],
  ])('the kernel fails while it lists: %s', async (failToList, words) => {
    const { error, exitCode, closed } = await runStatus('-Ln', { failToList });
    expect([error, exitCode, closed]).toEqual([words, 1, 1]);
  });
});

it('tells its version and teaches without a kernel', async () => {
  const failToOpen = new Error('not asked for');
  expect(await runStatus('--version', { failToOpen })).toMatchObject({ output: 'ipvs-status 1.2.3\n', exitCode: 0 });
  const help = await runStatus('-h', { failToOpen });
  expect(help).toMatchObject({ error: '', exitCode: 0 });
  expect(help.output.split('\n').filter((line) => line.length > 120)).toEqual([]);
  expect(await runStatus('--bogus', { failToOpen })).toMatchObject({
    error: "Try `ipvs-status -h' or 'ipvs-status --help' for more information.\n",
    exitCode: 255,
  });
});

it.each([
  ['-A -t 10.96.0.1:80', 'add-service', 'change the Service or its endpoints'],
  ['-C', 'clear', 'ipvs-proxier --cleanup'],
  ['--set 1 2 3', 'set', 'ipvs.tcpTimeout'],
  ['-Z', 'zero', 'compare two listings'],
  ['--start-daemon master', 'start-daemon', 'not used with Services'],
])('%s is refused in one line with a way out', async (commandLine, name, remedy) => {
  const { output, error, exitCode } = await runStatus(commandLine, { failToOpen: new Error('not asked for') });
  expect([output, exitCode]).toEqual(['', 2]);
  expect(error).toMatch(new RegExp(`^ipvs-status: --${name} is not carried out: ipvs-proxier owns this table.*\n$`));
  expect(error).toContain(remedy);
});
