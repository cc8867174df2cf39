import { existsSync, readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from '@jest/globals';
import { Programs } from '../support/programs.ts';

const programs = new Programs();
afterAll(() => programs.close());

/** Output of a command that gets `input`; throws with its standard error when it fails. */
const run = (command: string, args: readonly string[], input = '') => programs.output(command, args, input);

/** Of IPVS in Linux 6.1; the module `ip_vs_twos` is newer and not in every kernel. */
const schedulers = ['rr', 'wrr', 'lc', 'wlc', 'sh', 'mh', 'dh', 'sed', 'nq', 'lblc', 'lblcr', 'fo', 'ovf'];
const virtualServers = ['-t [fd00::1]:80', '-u 10.96.0.2:53', '--sctp-service 10.96.0.2:99', '-f 7'];
const setTypes = ['hash:ip', 'hash:ip,port', 'hash:ip,port,ip', 'hash:ip,port,net', 'hash:net', 'hash:net,port'];
const rules = `*nat
:LAB - [0:0]
-A LAB -m comment --comment "in the lab" -m set --match-set lab-world dst,dst -j RETURN
-A LAB -j MARK --or-mark 0x4000
-A LAB -m mark --mark 0x4000/0x4000 -j MASQUERADE --random-fully
COMMIT
*filter
-A INPUT -m conntrack --ctstate NEW -j REJECT
COMMIT
`;

describe('the world of the kernel lab', () => {
  it('is the lab, and we are root in it', () => {
    expect(process.env.LAB).toMatch(/^(uml|host)$/);
    expect(process.getuid?.()).toBe(0);
  });

  it('has IPVS, with its settings and tables under /proc', () => {
    expect(readFileSync('/proc/net/ip_vs', 'utf8')).toMatch(/^IP Virtual Server version/);
    expect(existsSync('/proc/sys/net/ipv4/vs/conntrack')).toBe(true);
    expect(existsSync('/proc/net/ip_vs_conn')).toBe(true);
  });

  it('has every scheduler', async () => {
    const lines = schedulers.map((scheduler, index) => `-A -t 10.96.0.1:${1000 + index} -s ${scheduler}`);
    expect(await ipvsTableAfter(lines)).toEqual(lines);
  });

  it('takes virtual servers for every protocol, for IPv6 and for firewall marks', async () => {
    const lines = virtualServers.map((virtualServer) => `-A ${virtualServer} -s rr`);
    expect(await ipvsTableAfter(lines)).toEqual([...lines].sort());
  });

  it('has IP sets of every type that we use', async () => {
    const names = setTypes.map((type) => `lab-${type}`);
    const lines = setTypes.map((type) => `create lab-${type} ${type}`);
    await run('ipset', ['restore'], `${lines.join('\n')}\ncreate lab-bitmap bitmap:port range 0-65535\n`);
    try {
      expect((await run('ipset', ['list', '-n'])).trim().split('\n').sort()).toEqual([...names, 'lab-bitmap'].sort());
    } finally {
      await run('ipset', ['destroy']);
    }
  });

  it.each([
    ['iptables-legacy', 'inet'],
    ['ip6tables-legacy', 'inet6'],
    ['iptables-nft', 'inet'],
    ['ip6tables-nft', 'inet6'],
  ])('%s takes the rules that we need', async (tool, family) => {
    await run('ipset', ['create', 'lab-world', 'hash:ip,port', 'family', family]);
    try {
      await run(`${tool}-restore`, ['-w', '5'], rules);
      const saved = await run(`${tool}-save`, []);
      expect(saved).toMatch(/--match-set lab-world dst,dst -j RETURN[^]*-j MASQUERADE --random-fully/);
      expect(saved).toMatch(/-A INPUT -m conntrack --ctstate NEW -j REJECT/);
    } finally {
      await run(`${tool}-restore`, [], '*nat\nCOMMIT\n*filter\nCOMMIT\n');
      await run('ipset', ['destroy', 'lab-world']);
    }
  });

  it('has nftables beyond the bridge family', async () => {
    await run('nft', ['add', 'table', 'inet', 'lab-world']);
    try {
      expect(await run('nft', ['list', 'tables'])).toContain('table inet lab-world');
    } finally {
      await run('nft', ['delete', 'table', 'inet', 'lab-world']);
    }
  });

  it('makes dummy interfaces and network namespaces', async () => {
    await run('ip', ['netns', 'add', 'lab-world']);
    try {
      const lines = 'link add kube-ipvs0 type dummy\naddr add 10.96.0.1/32 dev kube-ipvs0\naddr show kube-ipvs0\n';
      expect(await run('ip', ['-n', 'lab-world', '-batch', '-'], lines)).toContain('inet 10.96.0.1/32');
    } finally {
      await run('ip', ['netns', 'del', 'lab-world']);
    }
  });

  it('adds, lists and deletes tracked flows over netlink', async () => {
    const flow = ['-p', 'udp', '-s', '192.0.2.1', '-d', '192.0.2.2', '--sport', '1000', '--dport', '53'];
    await run('conntrack', ['-I', ...flow, '--timeout', '60']);
    expect(await run('conntrack', ['-D', ...flow])).toContain('src=192.0.2.1 dst=192.0.2.2 sport=1000 dport=53');
    await expect(run('conntrack', ['-D', ...flow])).rejects.toThrow(/0 flow entries/);
  });
});

/** Gives the lines to ipvsadm, reads the table as lines, sorted, and leaves it empty. */
async function ipvsTableAfter(lines: readonly string[]): Promise<string[]> {
  await run('ipvsadm', ['-R'], `${lines.join('\n')}\n`);
  try {
    return (await run('ipvsadm', ['-Sn'])).trim().split('\n').sort();
  } finally {
    await run('ipvsadm', ['-C']);
  }
}
