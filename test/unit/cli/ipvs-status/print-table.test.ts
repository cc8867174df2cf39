import { describe, expect, it } from '@jest/globals';
import { foundNames, numericNames } from '../../../../src/cli/ipvs-status/endpoint-names.ts';
import { saveRealServers, saveVirtualServer } from '../../../../src/cli/ipvs-status/print-save.ts';
import { realServerLine, type TableDetail, virtualServerLine } from '../../../../src/cli/ipvs-status/print-table.ts';
import { ip } from '../../../support/builders.ts';
import { markedVirtualServer, virtualServer } from '../../../support/ipvs-builders.ts';
import { listed, observed } from './fake-status-world.ts';

const look = (detail: TableDetail, names = numericNames) => ({ detail, exact: false, names });
const web = virtualServer('TCP', '10.96.0.1:80');

/** As ipvsadm 1.31 lists and saves them. */
describe('virtual servers', () => {
  it.each([
    [listed(web), 'TCP  10.96.0.1:80 rr', '-A -t 10.96.0.1:80 -s rr'],
    [
      listed(virtualServer('UDP', '10.96.0.1:53', { scheduler: 'mh', flags: 0x14 })),
      'UDP  10.96.0.1:53 mh (mh-port) ops',
      '-A -u 10.96.0.1:53 -s mh -o -b mh-port',
    ],
    [
      listed(virtualServer('TCP', '10.96.0.1:1', { scheduler: 'wlc', flags: 0x28 })),
      'TCP  10.96.0.1:1 wlc (flag-1,flag-3)',
      '-A -t 10.96.0.1:1 -s wlc -b flag-1,flag-3',
    ],
    [
      listed(virtualServer('TCP', '10.96.0.1:1', { scheduler: 'sh', flags: 0x20 })),
      'TCP  10.96.0.1:1 sh ()',
      '-A -t 10.96.0.1:1 -s sh -b ',
    ],
    [
      listed(virtualServer('SCTP', '[fd00::1]:9', { persistenceTimeoutSeconds: 99 }), 48),
      'SCTP [fd00::1]:9 rr persistent 99 mask 48',
      '-A --sctp-service [fd00::1]:9 -s rr -p 99 -M 48',
    ],
    [
      listed(
        virtualServer('UDP', '10.0.0.1:5060', { persistenceTimeoutSeconds: 9, persistenceEngine: 'sip' }),
        0xff00ff00,
      ),
      'UDP  10.0.0.1:5060 rr persistent 9 mask 255.0.255.0 pe sip',
      '-A -u 10.0.0.1:5060 -s rr -p 9 -M 255.0.255.0 --pe sip',
    ],
    [listed(markedVirtualServer(7, 'IPv4')), 'FWM  7 rr', '-A -f 7 -s rr'],
    [listed(markedVirtualServer(0xffff_ffff, 'IPv6')), 'FWM  -1 IPv6 rr', '-A -f -1 -6 -s rr'],
    [listed(virtualServer('TCP', '[::1:0]:80')), 'TCP  [::0.1.0.0]:80 rr', '-A -t [::0.1.0.0]:80 -s rr'],
  ])('%#: %s', (entry, line, command) => {
    expect(virtualServerLine(entry, look('plain'))).toBe(`${line}\n`);
    expect(saveVirtualServer(entry, numericNames)).toBe(`${command}\n`);
  });

  it('with counters', () => {
    expect(virtualServerLine(listed(web), look('stats'))).toBe(
      'TCP  10.96.0.1:80                        0        0        0        0        0\n',
    );
  });
});

describe('real servers', () => {
  const tunnel = (type: 'ipip' | 'gue' | 'gre', port = 0, flags = 0) =>
    observed('10.1.1.5:80', { forwarding: 'tunnel', tunnel: { type, port, flags } });

  it.each([
    [tunnel('ipip'), 'Tunnel  ipip         ', '-i -w 1 --tun-type ipip'],
    [tunnel('gue', 6080, 0), 'Tunnel  gue:6080:-c  ', '-i -w 1 --tun-type gue --tun-port 6080 --tun-nocsum'],
    [tunnel('gue', 6080, 2), 'Tunnel  gue:6080:r+c ', '-i -w 1 --tun-type gue --tun-port 6080 --tun-remcsum'],
    [tunnel('gre', 0, 1), 'Tunnel  gre:+c       ', '-i -w 1 --tun-type gre --tun-csum'],
    [observed('10.1.1.5:80', { forwarding: 'directRouting' }), 'Route   n/a          ', '-g -w 1'],
    [observed('10.1.1.5:80'), 'Masq    n/a          ', '-m -w 1'],
  ])('%#: %s', (server, shown, command) => {
    const line = realServerLine(server, 'TCP', look('tun-info'));
    expect(line).toBe(`  -> 10.1.1.5:80                  ${shown} 1      0          0         \n`);
    expect(saveRealServers(web, [server], numericNames)).toBe(`-a -t 10.96.0.1:80 -r 10.1.1.5:80 ${command}\n`);
  });

  it('in wide columns', () => {
    const server = observed('10.1.1.5:80', { weight: 2147483647, upperThreshold: 65536, lowerThreshold: 5 });
    expect(realServerLine(server, 'TCP', look('plain'))).toBe(
      '  -> 10.1.1.5:80                  Masq    2147483647 0          0         \n',
    );
    expect(realServerLine(server, 'TCP', look('thresholds'))).toBe(
      '  -> 10.1.1.5:80                  65536      5          0          0         \n',
    );
    expect(realServerLine(server, 'TCP', look('persistent-conn'))).toBe(
      '  -> 10.1.1.5:80                  2147483647 0           0          0         \n',
    );
  });

  it('names are cut to the column for IPv4, and to 59 letters everywhere', () => {
    const long = 'x'.repeat(70);
    const names = foundNames(
      new Map([
        [ip('10.1.1.5'), long],
        [ip('fd00::5'), long],
      ]),
      new Map(),
    );
    const [four, six] = [observed('10.1.1.5:80'), observed('[fd00::5]:80')];
    expect(realServerLine(four, 'TCP', look('plain', names))).toMatch(/^ {2}-> x{28} Masq/);
    expect(realServerLine(six, 'TCP', look('plain', names))).toMatch(/^ {2}-> \[x{58} Masq/);
    expect(saveRealServers(web, [four], names)).toMatch(/ -r x{59} -m/);
  });
});
