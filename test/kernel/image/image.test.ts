import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { clearNode } from '../../support/clear-node.ts';
import { Shell } from '../../support/shell.ts';
import { list, service } from '../daemon/manifests.ts';

jest.setTimeout(300_000);

/** The root file system of the image, which "make image-root" has assembled from the list of its contents. */
const root = join(__dirname, '..', '..', '..', '.cache', 'image', 'check');
const files = '/tmp/image-files';
const shell = new Shell();

/** What a container of the chart has mounted. */
const mounts = [
  `mount --bind ${root} ${root}`,
  `mount -t proc proc ${root}/proc`,
  `mount -t sysfs sysfs ${root}/sys`,
  `mount --bind /dev ${root}/dev`,
  `mount -t tmpfs tmpfs ${root}/run`,
  `mount -t tmpfs tmpfs ${root}/var/lib/ipvs-proxier`,
  `mount --bind ${files} ${root}/etc/ipvs-proxier`,
  `mount -o remount,ro,bind ${root}`,
];
const environment = 'env -i PATH=/usr/local/bin:/usr/sbin:/usr/bin';
const inImage = (command: string) => `${environment} chroot ${root} ${command}`;
const configuration = '--config=/etc/ipvs-proxier/config.yaml --hostname-override=lab';
const configFile = 'apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nmode: ipvs\n';

async function write(name: string, text: string): Promise<void> {
  await shell.run(`mkdir -p ${files} && cat >${files}/${name} <<'END'\n${text}\nEND`);
}

beforeAll(async () => {
  await write('config.yaml', configFile);
  await write('objects.json', JSON.stringify(list(service('web', '10.96.0.10'))));
  if (!existsSync(root)) throw new Error(`${root} is missing: make image-root`);
  await shell.run(mounts.join(' && '));
});

afterAll(async () => {
  await clearNode(shell);
  shell.close();
});

describe('inside the image', () => {
  it('programs start without a shell, and say what they are', async () => {
    expect((await shell.attempt(`ls ${root}/bin/ ${root}/usr/bin/`)).output).not.toMatch(/sh\b/);
    for (const name of ['ipvs-proxier', 'kube-proxy']) {
      expect(await shell.run(inImage(`${name} --version`))).toMatch(/^Kubernetes v1\./);
    }
    expect(await shell.run(inImage('ipvs-proxier help'))).toContain('ipvs-proxier TOOL');
    expect(await shell.run(inImage('ipvsadm -v'))).toMatch(/^ipvs-status \d/);
  });

  it('the node is prepared with all rights, and served with two on a read-only root', async () => {
    await shell.run(inImage(`ipvs-proxier --init-only ${configuration}`));
    const start = inImage(`ipvs-proxier ${configuration} --manifests=/etc/ipvs-proxier/objects.json --v=2`);
    // the right to change the root is for chroot alone
    const bounded = 'setpriv --no-new-privs --bounding-set=-all,+net_admin,+net_raw,+sys_chroot --inh-caps=-all';
    await shell.run(`${start.replace('chroot', `${bounded} chroot`)} >/tmp/image-log 2>&1 & echo $! >/tmp/image-pid`);
    const isServed = 'grep -q "Round finished.*services=1" /tmp/image-log';
    const isAlive = 'kill -0 $(cat /tmp/image-pid)';
    await shell.run(`while ! ${isServed}; do ${isAlive} || { cat /tmp/image-log; exit 1; }; sleep 0.2; done`);
    expect(await shell.run('ipvsadm -Sn')).toBe('-A -t 10.96.0.10:80 -s rr\n');
    expect(await shell.run('grep -c "netlink=.addon" /tmp/image-log')).toBe('1\n');
    expect(await shell.run(`touch ${root}/tmp/x 2>&1; ls ${root}/tmp`)).toContain('Read-only file system');
    expect(await shell.run('curl -s -o /dev/null -w %{http_code} http://127.0.0.1:10256/livez')).toBe('200');
  });

  it('ipvs-status and ipvsadm print what the classic tool prints', async () => {
    const classic = await shell.run('ipvsadm -Ln');
    expect(classic).toContain('10.96.0.10:80 rr');
    expect(await shell.run(inImage('ipvs-status -Ln'))).toBe(classic);
    expect(await shell.run(inImage('ipvsadm -Ln'))).toBe(classic);
  });

  it('both flavours of iptables write rules with IP sets', async () => {
    // where a node uses this flavour it is loaded: there is no modprobe in the image
    await shell.run('modprobe iptable_filter');
    const rule = '-A INPUT -m set --match-set KUBE-CLUSTER-IP dst,dst -m comment --comment image -j ACCEPT';
    for (const flavour of ['nft', 'legacy']) {
      const restore = inImage(`/usr/sbin/iptables-${flavour}-restore --noflush`);
      await shell.run(`printf '*filter\\n${rule}\\nCOMMIT\\n' | ${restore}`);
      expect(await shell.run(inImage(`/usr/sbin/iptables-${flavour}-save -t filter`))).toContain(
        '--match-set KUBE-CLUSTER-IP dst,dst -m comment --comment image -j ACCEPT',
      );
    }
  });

  it('the daemon ends when it is told to, and everything stays', async () => {
    await shell.run('kill $(cat /tmp/image-pid); while kill -0 $(cat /tmp/image-pid) 2>/dev/null; do sleep 0.1; done');
    expect(await shell.run('grep -c "Stopping; Services stay programmed" /tmp/image-log')).toBe('1\n');
    expect(await shell.run('ipvsadm -Sn')).toBe('-A -t 10.96.0.10:80 -s rr\n');
  });
});
