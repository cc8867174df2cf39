import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, it } from '@jest/globals';
import { expectSame, openParityWorld, words } from './parity-world.ts';

const world = openParityWorld();
const long = `${'abcdefghi1'.repeat(9)}.example.com`;
const hosts = readFileSync('/etc/hosts', 'latin1');

beforeAll(() => {
  const added = [
    '10.0.0.1 alpha.example.com alpha # the first',
    '10.0.0.1 second.example.com',
    '10.1.1.1 just-twenty-eight-letters-ab',
    '10.1.1.3 one-more-than-fits-in-column',
    `10.1.1.2 ${long}`,
    'fd00:0::1 six.example.com six',
    `fd00::2 ${long}`,
    '# 10.1.1.9 commented.example.com',
  ];
  writeFileSync('/etc/hosts', `${hosts}\n${added.join('\n')}\n`);
});
afterAll(() => writeFileSync('/etc/hosts', hosts));

it('names of hosts and ports, however long', async () => {
  await world.restore([
    '-A -t 10.0.0.1:80 -s rr',
    '-a -t 10.0.0.1:80 -r 10.1.1.1:8080 -m',
    '-a -t 10.0.0.1:80 -r 10.1.1.3:8080 -m',
    '-a -t 10.0.0.1:80 -r 10.1.1.2:31999 -m',
    '-a -t 10.0.0.1:80 -r 10.1.1.9:443 -m',
    '-a -t 10.0.0.1:80 -r [fd00::2]:80 -i',
    '-A -u 10.0.0.1:53 -s rr',
    '-A -u 10.0.0.1:5672 -s rr',
    '-A --sctp-service 10.0.0.1:5672 -s rr',
    '-A --sctp-service 10.0.0.1:80 -s rr',
    '-A -t 10.1.1.2:443 -s rr -p 300 -M 255.255.0.0',
    '-A -t [fd00::1]:443 -s mh -b mh-port',
    '-a -t [fd00::1]:443 -r [fd00::2]:8443 -m',
    '-a -t [fd00::1]:443 -r 10.1.1.2:443 -i',
    '-A -t [fd00::2]:443 -s rr',
    '-A -f 3 -s rr',
    '-a -f 3 -r 10.1.1.1:80 -m',
  ]);
  const listings = [
    '-L',
    '-L --stats',
    '-L --thresholds',
    '-L --persistent-conn',
    '-L --tun-info',
    '-L --nosort',
    '-S',
  ];
  const selected = [
    '-L -t alpha:http',
    '-L -t second.example.com:80',
    '-Ln -t alpha.example.com:http',
    '-L -t six:443',
  ];
  await expectSame(world, [...listings, ...selected, '-L -f 3', '-L -t nonesuch:80'].map(words));
});
