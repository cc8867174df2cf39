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

/** Lines of the status of every thread, each once. */
const rightsOf = async (pid: number) =>
  (await node.shell.run(`grep -hE '^(Cap|NoNewPrivs)' /proc/${pid}/task/*/status | sort -u`)).trim().split('\n');

/** What commands print once it is this, or after two minutes. */
async function printed(commands: string, wanted: string): Promise<string> {
  const deadlineMs = performance.now() + 120_000;
  for (;;) {
    const { output } = await node.shell.attempt(commands);
    if (output === wanted || performance.now() > deadlineMs) return output;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

describe('a daemon that root starts with all rights', () => {
  it('drops those that it does not need, in every thread, and serves and repairs with the rest', async () => {
    const objects = node.write('own.json', list(service('web', '10.96.0.10')));
    // SYS_RESOURCE is needed for an adjustment like this one, and dropped after it.
    const often = 'apiVersion: ipvs-proxier.io/v1alpha1\nkind: ProxierConfiguration\naudit: {period: 1s}\n';
    const settings = `--proxier-config=${node.write('often.yaml', often)}`;
    const daemon = new DaemonProcess({ args: [`--manifests=${objects}`, settings, '--oom-score-adj=-998'] });
    await daemon.line(/"Dropped privileges" left="NET_BIND_SERVICE,NET_ADMIN,NET_RAW"/);
    await daemon.line(/"Round finished" services=1/);
    expect(await rightsOf(daemon.processId)).toEqual([
      'CapAmb:\t0000000000000000',
      'CapBnd:\t0000000000003400',
      'CapEff:\t0000000000003400',
      'CapInh:\t0000000000000000',
      'CapPrm:\t0000000000003400',
      'NoNewPrivs:\t1',
    ]);
    expect(Number(await node.shell.run(`ls /proc/${daemon.processId}/task | wc -l`))).toBeGreaterThan(4);
    expect(await node.shell.run(`cat /proc/${daemon.processId}/oom_score_adj`)).toBe('-998\n');
    expect(await node.virtualServers()).toEqual(['-A -t 10.96.0.10:80 -s rr']);
    expect(await node.shell.run('ipset save KUBE-CLUSTER-IP | grep -c ^add')).toBe('1\n');
    // Somebody takes away a virtual server, its address, an entry of a set and a setting.
    await node.shell.run(
      [
        'ipvsadm -D -t 10.96.0.10:80',
        'ip addr del 10.96.0.10/32 dev kube-ipvs0',
        'ipset flush KUBE-CLUSTER-IP',
        'sysctl -qw net.ipv4.vs.expire_nodest_conn=0',
      ].join('\n'),
    );
    const state = [
      "ipvsadm -Sn | grep '^-A'",
      "ip -o addr show dev kube-ipvs0 | grep -o '10.96.0.10/32'",
      'ipset save KUBE-CLUSTER-IP | grep -c ^add',
      'sysctl -n net.ipv4.vs.expire_nodest_conn',
    ].join('\n');
    const repaired = '-A -t 10.96.0.10:80 -s rr\n10.96.0.10/32\n1\n1\n';
    expect(await printed(state, repaired)).toBe(repaired);
    node.write('own.json', list(service('web', '10.96.0.11')));
    await daemon.line(/"Round finished" services=1/, daemon.output.length);
    expect(await node.virtualServers()).toEqual(['-A -t 10.96.0.11:80 -s rr']);
    const { exit, errors } = await daemon.stop();
    expect([exit, errors.filter((line) => !line.includes('nodePortAddresses'))]).toEqual([0, []]);
  });
});

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
