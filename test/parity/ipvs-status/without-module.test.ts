import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { openParityWorld, words } from './parity-world.ts';

const world = openParityWorld();
const modprobePath = '/proc/sys/kernel/modprobe';
const modprobe = readFileSync(modprobePath, 'latin1').trim();
/** A kernel that has IPVS built in cannot be without it. */
const loadable = readFileSync('/proc/modules', 'latin1').includes('ip_vs ');

it('without the module the same is told, but for the complaint of modprobe', async () => {
  expect((await world.ours(['-Ln'])).exitCode).toBe(0);
  if (!loadable) return;
  await world.shell.run(
    'for try in 1 2 3; do for name in $(grep -o "^ip_vs[a-z0-9_]*" /proc/modules); do rmmod $name; done; done; true',
  );
  await world.shell.run(`mount -t tmpfs none /lib/modules; echo /bin/false > ${modprobePath}`);
  try {
    await expectSameFailures();
  } finally {
    await world.shell.run(`echo ${modprobe} > ${modprobePath}; umount /lib/modules; modprobe ip_vs`);
  }
}, 60_000);

async function expectSameFailures(): Promise<void> {
  for (const list of ['-Ln', '-Lnc', '-L --timeout', '-Sn', '-Ln -t 10.0.0.1:80'].map(words)) {
    const [expected] = await world.ipvsadm([list]);
    const ours = await world.ours(list);
    expect(expected?.error).toMatch(/Protocol not available/);
    expect(`${expected?.error.replace(/^modprobe: .*\n/, '')}`).toBe(ours.error);
    expect([ours.output, ours.exitCode]).toEqual([expected?.output, expected?.exitCode]);
  }
}
