import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createIpvsDriver } from '../../../src/kernel/ipvs/driver.ts';
import { loadNetlinkAddon } from '../../../src/native/addon.ts';
import { openAddonTransport } from '../../../src/netlink/connection.ts';
import { netlinkProtocol } from '../../../src/netlink/constants.ts';
import { resolveGenericFamily } from '../../../src/netlink/generic-family.ts';
import { realServer, virtualServer } from '../../support/ipvs-builders.ts';
import { generatedTable } from './generated-table.ts';
import { expectSame, openParityWorld, words } from './parity-world.ts';

const world = openParityWorld();

/** Every way to list a table. */
const listings = [
  '-Ln',
  '-L',
  '-Ln --nosort',
  '-Ln --stats',
  '-Ln --rate --exact',
  '-Ln --thresholds',
  '-Ln --persistent-conn',
  '-Ln --tun-info',
  '-Sn',
].map(words);

it('an empty table', async () => {
  await expectSame(world, [
    ...listings,
    ['-Lnc'],
    ['-Lnc', '--persistent-conn'],
    ['-L', '--timeout'],
    ['-L', '--daemon'],
  ]);
});

it('generated tables, in every way that they can be listed', async () => {
  const tables = fc.sample(generatedTable, { numRuns: 16, seed: 20_261_121 });
  for (const table of tables) {
    await world.shell.run('ipvsadm -C');
    await world.restore(table);
    await expectSame(world, listings);
  }
});

it('one virtual server at a time', async () => {
  const [table = []] = fc.sample(generatedTable, { numRuns: 1, seed: 7 });
  await world.restore(table);
  const selectors = table
    .filter((line) => line.startsWith('-A '))
    .map((line) => line.replace(/^-A (.*?) -s .*$/, '$1'));
  expect(selectors.length).toBeGreaterThan(3);
  const shown = ['-Ln', '-L', '-Ln --stats', '-Ln --tun-info', '-Ln --nosort --thresholds', '-Ln --persistent-conn'];
  await expectSame(
    world,
    selectors.map((selector, index) => words(`${shown[index % shown.length]} ${selector}`)),
  );
});

it('real servers on this node, as Services get them', async () => {
  const transport = openAddonTransport({ addon: loadNetlinkAddon(), protocol: netlinkProtocol.generic });
  const driver = createIpvsDriver({ transport, resolveFamily: () => resolveGenericFamily(transport, 'IPVS') });
  const web = virtualServer('TCP', '10.96.0.1:80');
  const failures = await driver.apply([
    { kind: 'addVirtualServer', virtualServer: web },
    { kind: 'addRealServer', virtualServer: web, realServer: realServer('10.1.1.2:80', { forwarding: 'local' }) },
    { kind: 'addRealServer', virtualServer: web, realServer: realServer('127.0.0.1:80') },
  ]);
  transport.close();
  expect(failures).toEqual([]);
  await expectSame(
    world,
    listings.filter((list) => list[0] !== '-Sn'),
  );
});

it('a large table, while another network namespace has one too', async () => {
  const table = (prefix: string) =>
    Array.from({ length: 400 }, (_, index) => {
      const service = `${prefix}.${index >> 8}.${index & 255}:80`;
      return `-A -t ${service} -s rr\n-a -t ${service} -r 10.1.1.2:80 -m\n`;
    }).join('');
  await world.shell.run('ip netns add other && ip -n other link set lo up');
  await world.shell.run(`ip netns exec other ipvsadm -R <<'END'\n${table('10.98')}END`);
  await world.shell.run(`ipvsadm -R <<'END'\n${table('10.97')}END`);
  await expectSame(world, [words('-Ln'), words('-L'), words('-Ln --nosort')]);
  await world.shell.run('ip netns del other');
});
