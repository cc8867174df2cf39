import { describe, expect, it } from '@jest/globals';
import { readHosts, readServices } from '../../../../src/cli/ipvs-status/name-files.ts';

describe('names of ports', () => {
  const services = readServices(
    '# name port alias\nhttp\t\t80/tcp\t\twww\t# WorldWideWeb\nother 80/tcp\nhttp 8000/tcp\ndomain 53/udp\n\nbroken\nx 1/2/3\n',
  );

  it('the first line of a port gives its name', () => {
    expect([...services.nameOf]).toEqual([
      ['80/tcp', 'http'],
      ['8000/tcp', 'http'],
      ['53/udp', 'domain'],
    ]);
  });

  it('the first line of a name or alias gives its port', () => {
    expect(
      ['http/tcp', 'www/tcp', 'other/tcp', 'domain/udp', 'domain/tcp'].map((name) => services.portOf.get(name)),
    ).toEqual([80, 80, 80, 53, undefined]);
  });
});

it('names of hosts', () => {
  const text =
    '127.0.0.1 localhost\n10.0.0.1\talpha.example.com alpha # first\n10.0.0.1 second\n# 10.0.0.2 no\nfd00:0::1 six\n10.0.0.3\nbogus x\n';
  expect([...readHosts(text)]).toEqual([
    ['127.0.0.1', 'localhost'],
    ['10.0.0.1', 'alpha.example.com'],
    ['fd00::1', 'six'],
  ]);
});
