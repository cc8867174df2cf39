import { afterAll, afterEach, describe, expect, it, jest } from '@jest/globals';
import { DaemonProcess, runDaemon } from './daemon-process.ts';
import { LabNode } from './lab-node.ts';
import { list, service } from './manifests.ts';

jest.setTimeout(300_000);

const node = new LabNode();
const manifests = `--manifests=${node.write('objects.json', list(service('web', '10.96.0.10')))}`;

/** Everything that can be written in a usual container is read-only, settings of the kernel included. */
const readOnlyMounts = [
  'for point in / /run /tmp /dev/shm; do mountpoint -q $point && mount -o remount,ro,bind $point; done',
  'mount --bind /proc/sys /proc/sys && mount -o remount,ro,bind /proc/sys',
  'mount -o remount,ro,bind /sys',
  'touch /tmp/x 2>/dev/null && exit 1',
];
const bounded = (capabilities: string) => [
  'unshare',
  '--mount',
  'sh',
  '-c',
  [...readOnlyMounts, `exec setpriv --no-new-privs --bounding-set=-all,${capabilities} --inh-caps=-all "$@"`].join(
    '\n',
  ),
  'sh',
];

afterEach(() => node.clear());
afterAll(() => node.close());

describe('a container with read-only file systems and settings, and few rights', () => {
  it('is told which setting cannot be made where --init-only has not run', async () => {
    await node.shell.run('modprobe ip_vs; sysctl -qw net.ipv4.vs.conntrack=0');
    const { exit, errors } = await runDaemon({ args: [manifests], wrapper: bounded('+net_admin,+net_raw') });
    expect({ exit, errors }).toEqual({
      exit: 1,
      errors: [expect.stringMatching(/set net\/.* to .*: EROFS: .*init container/)],
    });
    expect(await node.isUntouched()).toBe(true);
  });

  it('serves with NET_ADMIN and NET_RAW alone once --init-only has run', async () => {
    expect(await runDaemon({ args: [manifests, '--init-only'] })).toMatchObject({ exit: 0, errors: [] });
    const daemon = new DaemonProcess({ args: [manifests], wrapper: bounded('+net_admin,+net_raw') });
    await daemon.line(/"Round finished" services=1/);
    const status = await node.shell.run('cat /proc/$(pgrep -f dist/ipvs-proxier.cjs)/status');
    for (const set of ['CapPrm', 'CapEff', 'CapBnd']) expect(status).toMatch(new RegExp(`^${set}:\\t0{12}3000$`, 'm'));
    expect(status).toMatch(/^NoNewPrivs:\t1$/m);
    expect(await node.virtualServers()).toEqual(['-A -t 10.96.0.10:80 -s rr']);
    expect(await node.shell.run('iptables-save -t nat 2>/dev/null | grep -c "match-set KUBE-CLUSTER-IP"')).not.toBe(
      '0\n',
    );
    expect(await node.shell.run('ip -o addr show dev kube-ipvs0')).toContain('10.96.0.10/32');
    node.write('objects.json', list(service('web', '10.96.0.11')));
    await daemon.line(/"Round finished" services=1/, daemon.output.length);
    expect(await node.virtualServers()).toEqual(['-A -t 10.96.0.11:80 -s rr']);
    const { exit, errors } = await daemon.stop();
    // That node ports are open everywhere is told as an error, for it may be one.
    expect([exit, errors.filter((line) => !line.includes('nodePortAddresses'))]).toEqual([0, []]);
  });

  it('does not start without NET_RAW, which iptables needs for IP sets', async () => {
    const { exit, errors } = await runDaemon({ args: [manifests], wrapper: bounded('+net_admin') });
    expect({ exit, errors }).toEqual({ exit: 1, errors: [expect.stringContaining('without the capability NET_RAW')] });
    expect(await node.isUntouched()).toBe(true);
  });
});
