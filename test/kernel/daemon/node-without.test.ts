import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { runDaemon } from './daemon-process.ts';
import { LabNode } from './lab-node.ts';
import { list } from './manifests.ts';

const node = new LabNode();
const manifests = `--manifests=${node.write('empty.json', list())}`;

afterEach(() => node.clear());
afterAll(() => node.close());

describe('a node that cannot serve Services ends the daemon with exit code 1 and one line', () => {
  it('without NET_ADMIN', async () => {
    const wrapper = ['setpriv', '--bounding-set=-net_admin', '--inh-caps=-net_admin'];
    const { exit, errors } = await runDaemon({ args: [manifests], wrapper });
    expect({ exit, errors }).toEqual({ exit: 1, errors: [expect.stringMatching(/EPERM: .*NET_ADMIN.*privileged/)] });
    expect(await node.isUntouched()).toBe(true);
  });

  it('without iptables', async () => {
    const path = `${node.directory}/bin`;
    await node.shell.run(`mkdir ${path} && ln -s "$(command -v dirname)" "$(command -v readlink)" ${path}`);
    const { exit, errors } = await runDaemon({ args: [manifests], environment: { PATH: path } });
    const words = 'iptables is not available on this host: install iptables 1.6.2 or later';
    expect({ exit, errors }).toEqual({ exit: 1, errors: [expect.stringContaining(words)] });
  });

  it('without a scheduler of this name', async () => {
    const { exit, errors } = await runDaemon({ args: [manifests, '--ipvs-scheduler=nosuch'] });
    const words = /ENOENT: kernel module ip_vs_nosuch is missing; on the node: modprobe ip_vs_nosuch/;
    expect({ exit, errors }).toEqual({ exit: 1, errors: [expect.stringMatching(words)] });
    expect(await node.isUntouched()).toBe(true);
  });
});

/** Only in a guest of the lab: modules of a host's kernel are not ours to remove, and those built in stay. */
const isModular = process.env['LAB'] === 'uml' && readFileSync('/proc/modules', 'utf8').includes('ip_vs ');
const loader = '/proc/sys/kernel/modprobe';
/** Those that use them, then themselves: unloaded one after the other, as often as it takes. */
const users = 'xt_ipvs xt_set ip_set_.* ip_vs_.*';

const missingModules: readonly (readonly [string, string, readonly string[], RegExp])[] = [
  ['ip_vs_mh', '^ip_vs_mh$', ['--ipvs-scheduler=mh'], /ENOENT: kernel module ip_vs_mh is missing; .*modprobe ip_vs_mh/],
  ['ip_set', '^ip_set$', [], /EINVAL: the kernel has no IP sets: the module ip_set is missing.*modprobe ip_set/],
  ['ip_vs', '^ip_vs$', [], /ENOENT \(the kernel has no IPVS: the module ip_vs is missing.*modprobe ip_vs/],
];

for (const [module, pattern, flags, words] of isModular ? missingModules : []) {
  describe(`a kernel without the module ${module}`, () => {
    const program = readFileSync(loader, 'utf8');
    afterEach(() => writeFileSync(loader, program));

    it('ends the daemon with exit code 1 and one line', async () => {
      await node.clear();
      await unload(pattern);
      writeFileSync(loader, '/nowhere/modprobe\n');
      const { exit, errors } = await runDaemon({ args: [manifests, ...flags] });
      expect({ exit, errors }).toEqual({ exit: 1, errors: [expect.stringMatching(words)] });
      expect(readFileSync('/proc/modules', 'utf8')).not.toMatch(new RegExp(`^${module} `, 'm'));
    });
  });
}

async function unload(pattern: string): Promise<void> {
  const matching = [...users.split(' ').map((user) => `^${user}$`), pattern].join('|');
  const command = `for try in 1 2 3; do for m in $(cut -d' ' -f1 /proc/modules | grep -E '${matching}'); do rmmod $m 2>/dev/null; done; done; true`;
  await node.shell.run(command);
}
