import { describe, expect, it } from '@jest/globals';
import type { CheckFacts, InterfaceFacts } from '../../../../src/cli/check/check-facts.ts';
import { checkFindings, checkJson, checkText, hasErrors } from '../../../../src/cli/check/print-check.ts';

const modules = `ip_vs ip_vs_rr nf_conntrack nf_conntrack_netlink ip_set dummy ip_set_hash_ip ip_set_hash_ipport
  ip_set_hash_ipportip ip_set_hash_ipportnet ip_set_bitmap_port xt_set xt_mark xt_MASQUERADE xt_comment xt_addrtype
  xt_conntrack xt_physdev xt_ipvs ipt_REJECT`.split(/\s+/);

const uplink: InterfaceFacts = { name: 'eth0', mtuBytes: 1500, kind: '', isUp: true };

const good: CheckFacts = {
  kernel: '6.1.0-18-amd64',
  scheduler: 'rr',
  modules: Object.fromEntries(modules.map((name) => [name, 'loaded'])),
  settings: { 'net/ipv4/ip_forward': '1', 'net/ipv4/vs/conntrack': '1', 'net/bridge/bridge-nf-call-iptables': '1' },
  settingsWritable: true,
  capabilities: ['NET_ADMIN', 'NET_RAW', 'SYS_MODULE'],
  isHostNetwork: true,
  iptables: [
    { flavour: 'nft', family: 'IPv4', rules: 12 },
    { flavour: 'nft', family: 'IPv6', rules: 0 },
  ],
  flavour: 'nft',
  operation: 'active',
  aliveProxies: [],
  processes: ['systemd', 'kubelet'],
  otherModeChains: [],
  foreignServers: [],
  interfaces: [uplink, { name: 'lo', mtuBytes: 65_536, kind: '', isUp: true }],
  unread: [],
};

function told(changes: Partial<CheckFacts>): readonly string[] {
  return checkFindings({ ...good, ...changes })
    .filter(({ level }) => level !== 'ok')
    .map(({ level, area, text, remedy }) => `${level} ${area}: ${text}: ${remedy}`);
}

const withModule = (name: string, state: string) => ({ modules: { ...good.modules, [name]: state } });
const withSetting = (name: string, value: string) => ({ settings: { ...good.settings, [name]: value } });

describe('a node where everything is there', () => {
  it('has neither errors nor warnings', () => {
    expect(told({})).toEqual([]);
    const findings = checkFindings(good);
    expect(hasErrors(findings)).toBe(false);
    expect(checkText('node-1', findings, { width: 100, colours: false })).toMatch(
      /^Node node-1\n\nok {7}kernel {5}Linux 6\.1\.0-18-amd64\n[^]*\nNothing stands in the way: 0 warnings\.\n$/,
    );
  });

  it('says of modules that they will be loaded, or that nothing tells', () => {
    const texts = checkFindings({ ...good, ...withModule('ip_vs', 'available') }).map(({ text }) => text);
    expect(texts).toContain('ip_vs (to be loaded), ip_vs_rr, nf_conntrack, ip_set, dummy');
    expect(told(withModule('ip_vs', 'unknown'))).toEqual([]);
  });
});

describe('errors', () => {
  it.each<[string, Partial<CheckFacts>, RegExp]>([
    ['no IPVS', withModule('ip_vs', 'missing'), /^error modules: no module ip_vs: install the modules/],
    [
      'no scheduler',
      { ...withModule('ip_vs_mh', 'missing'), scheduler: 'mh' },
      /^error modules: no module ip_vs_mh: install it, or choose/,
    ],
    ['no set type', withModule('ip_set_hash_ipport', 'missing'), /^error sets: no set type ip_set_hash_ipport:/],
    [
      'no match on sets',
      withModule('xt_set', 'missing'),
      /^error matches: no module xt_set, and so not masquerading, source/,
    ],
    ['no iptables', { iptables: [], flavour: undefined }, /^error iptables: no iptables 1\.6\.2 or newer/],
    [
      'no forwarding that could be set',
      { ...withSetting('net/ipv4/ip_forward', '0'), settingsWritable: false },
      /^error settings: net\.ipv4\.ip_forward is 0: packets are not forwarded: sysctl -w/,
    ],
    ['no rights', { capabilities: [] }, /^error rights: the capability NET_ADMIN is missing/],
    [
      'half the rights',
      { capabilities: ['NET_ADMIN'] },
      /^error rights: the capability NET_RAW is missing, without which/,
    ],
    ['another network namespace', { isHostNetwork: false }, /^error rights: this is not the network namespace/],
    ['a kernel that cannot be read', { unread: ['IPVS: EPERM'] }, /^error rights: cannot be read: IPVS: EPERM/],
    [
      'another proxy',
      { aliveProxies: ['kube-proxy (process 9)'] },
      /^error proxies: another Service proxy is alive: kube-proxy/,
    ],
    [
      'Calico in eBPF',
      { interfaces: [uplink, { ...uplink, name: 'bpfin.cali' }] },
      /^error proxies: Calico runs in eBPF mode/,
    ],
  ])('%s', (_what, changes, line) => {
    expect(told(changes)[0]).toMatch(line);
    expect(hasErrors(checkFindings({ ...good, ...changes }))).toBe(true);
  });
});

describe('warnings', () => {
  const tunnel = (mtuBytes: number) => [uplink, { name: 'flannel.1', mtuBytes, kind: 'vxlan', isUp: true }];

  it.each<[string, Partial<CheckFacts>, RegExp]>([
    ['an old kernel', { kernel: '5.4.0-200' }, /^warning kernel: Linux 5\.4\.0-200/],
    ['a very old kernel', { kernel: '3.10.0' }, /^warning kernel: .*older than anything/],
    [
      'no xt_ipvs',
      withModule('xt_ipvs', 'missing'),
      /^warning matches: no module xt_ipvs, and so not the refusal of processes/,
    ],
    ['no ctnetlink', withModule('nf_conntrack_netlink', 'missing'), /^warning modules: no module nf_conntrack_netlink/],
    [
      'two flavours',
      { iptables: [...good.iptables, { flavour: 'legacy', family: 'IPv4', rules: 3 }] },
      /^warning iptables: both flavours of iptables hold rules/,
    ],
    [
      'settings that cannot be written',
      { settingsWritable: false },
      /^warning settings: \/proc\/sys cannot be written/,
    ],
    ['bridged packets', withSetting('net/bridge/bridge-nf-call-iptables', '0'), /^warning settings: net\.bridge/],
    ['the reverse path', withSetting('net/ipv4/conf/all/rp_filter', '1'), /^warning settings: .*rp_filter is 1/],
    [
      'modules that may not be loaded',
      { ...withModule('ip_vs', 'available'), capabilities: ['NET_ADMIN', 'NET_RAW'] },
      /^warning rights: modules are to be loaded/,
    ],
    ['no addon', { addonFailure: 'no such file' }, /^warning rights: the native addon does not load: no such file/],
    [
      'keepalived',
      { processes: ['keepalived'] },
      /^warning proxies: keepalived makes virtual servers .* ipvs\.excludeCIDRs/,
    ],
    ['kube-vip', { processes: ['kube-vip'] }, /^warning proxies: kube-vip announces/],
    ['kube-router', { processes: ['kube-router'] }, /^warning proxies: kube-router can serve/],
    ['Cilium', { interfaces: [uplink, { ...uplink, name: 'cilium_host' }] }, /^warning proxies: Cilium is here/],
    ['Antrea', { interfaces: [uplink, { ...uplink, name: 'antrea-gw0' }] }, /^warning proxies: Antrea is here/],
    [
      'leftovers',
      { otherModeChains: ['IPv4 nat KUBE-SVC-A'] },
      /^warning proxies: kube-proxy in another mode has left 1 chains/,
    ],
    [
      'virtual servers of others',
      { foreignServers: ['TCP/203.0.113.5:80'] },
      /^warning proxies: 1 virtual servers belong to others/,
    ],
    [
      'a tunnel that is too wide',
      { interfaces: tunnel(1500) },
      /^warning network: the MTU of tunnel flannel\.1 is 1500.*1500: set it to 1450/,
    ],
    [
      'wrong checksums',
      { interfaces: tunnel(1450), kernel: '5.4.30' },
      /^warning network: Linux 5\.4\.30 may send wrong checksums/,
    ],
  ])('%s', (_what, changes, line) => {
    const lines = told(changes);
    expect(lines.some((each) => line.test(each))).toBe(true);
    expect(hasErrors(checkFindings({ ...good, ...changes }))).toBe(false);
  });

  it.each(['5.4.41', '4.19.200', '5.10.0', '6.1.0'])('no wrong checksums with Linux %s', (kernel) => {
    expect(told({ interfaces: tunnel(1450), kernel }).filter((line) => line.includes('checksums'))).toEqual([]);
  });

  it('are few where settings will be made at the start', () => {
    expect(told(withSetting('net/ipv4/ip_forward', '0'))).toEqual([]);
  });
});

describe('the report', () => {
  it('counts, and is for programs too', () => {
    const facts = { ...good, isHostNetwork: false };
    const findings = checkFindings(facts);
    const text = checkText('a', findings, { width: 60, colours: true });
    expect(text).toContain('\x1b[31mERROR\x1b[0m');
    expect(text).toContain('Services will not work here: 1 error, 0 warnings.');
    expect(JSON.parse(checkJson('a', findings, facts))).toMatchObject({ node: 'a', usable: false });
  });
});
