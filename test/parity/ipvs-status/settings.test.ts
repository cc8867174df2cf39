import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { expectSame, openParityWorld, words } from './parity-world.ts';

const world = openParityWorld();
const sources = join(__dirname, '../../..');
const program = `${process.execPath} ${join(sources, 'src/app/ipvs-status/main.ts')}`;

it('time-outs', async () => {
  await world.shell.run('ipvsadm --set 1000 77 5');
  await expectSame(world, [words('-L --timeout'), words('-Ln --timeout')]);
  await world.shell.run('ipvsadm --set 900 120 300');
});

describe('synchronization daemons', () => {
  afterAll(() => world.shell.run('ipvsadm --stop-daemon master; ipvsadm --stop-daemon backup; ip link del sync0'));

  it('none, one, two, over IPv4 and over IPv6', async () => {
    await world.shell.run('ip link add sync0 type dummy; ip link set sync0 up multicast on');
    await world.shell.run('ip addr add 192.168.9.1/24 dev sync0; ip addr add fd77::1/64 dev sync0 nodad');
    const listings = [words('-L --daemon'), words('-Ln --daemon --exact')];
    await expectSame(world, listings);
    await world.shell.run('ipvsadm --start-daemon master --mcast-interface sync0 --syncid 7');
    await expectSame(world, listings);
    const backup = 'ipvsadm --start-daemon backup --mcast-interface sync0';
    await world.shell.run(
      `${backup} --syncid 9 --mcast-group 224.0.0.99 --mcast-port 999 --mcast-ttl 3 --sync-maxlen 1000`,
    );
    await expectSame(world, listings);
    await world.shell.run(`ipvsadm --stop-daemon backup; ${backup} --mcast-group ff02::81`);
    await expectSame(world, listings);
    expect((await world.ours(['-L', '--daemon'])).output).toMatch(/^master .*\nbackup .*group=ff02::81/);
  });
});

describe('the program itself', () => {
  /** Output, error and exit code of a command line. */
  const run = async (commandLine: string) => {
    const files = ['/tmp/started.output', '/tmp/started.error'] as const;
    const exitCode = await world.shell.run(`${commandLine} >${files[0]} 2>${files[1]}; printf %s $?`);
    return { output: readFileSync(files[0], 'latin1'), error: readFileSync(files[1], 'latin1'), exitCode };
  };
  const expectSameStarted = async (before: string, options: string) => {
    const expected = await run(`${before} ipvsadm ${options}`);
    expect({ options, ...(await run(`${before} ${program} ${options}`)) }).toEqual({ options, ...expected });
  };

  it('prints the same, with names in bytes, and tells the same failures', async () => {
    await world.restore(['-A -t 10.0.0.1:80 -s rr', '-a -t 10.0.0.1:80 -r 10.1.1.1:8080 -m']);
    await expectSameStarted('', '-Ln');
    await expectSameStarted('', '-L -t 10.0.0.7:80');
    await expectSameStarted('setpriv --reuid 1000 --clear-groups', '-Ln');
  });

  it('ends quietly when nobody reads on', async () => {
    const lines = Array.from({ length: 3000 }, (_, index) => `-A -t 10.7.${index >> 8}.${index & 255}:80 -s rr`);
    await world.restore(lines);
    expect(await world.shell.run(`${program} -Ln | head -1`)).toMatch(
      /^IP Virtual Server version [\d.]+ \(size=\d+\)\n$/,
    );
  });

  it('teaches, and tells its version, without a kernel', async () => {
    const without = 'setpriv --reuid 1000 --clear-groups';
    const help = await run(`${without} ${program} --help`);
    expect(help).toMatchObject({ error: '', exitCode: '0' });
    expect(help.output).toContain('Examples:\n  ipvs-status -Ln ');
    expect(await run(`${without} ${program} -v`)).toEqual({
      output: expect.stringMatching(/^ipvs-status \d+\.\d+\.\d+ \(prints what ipvsadm v1\.31 prints\)\n$/),
      error: '',
      exitCode: '0',
    });
    expect(await run(`${without} ${program} -C`)).toMatchObject({ output: '', exitCode: '2' });
  });
});
