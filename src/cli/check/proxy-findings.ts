import type { CheckFacts, InterfaceFacts } from './check-facts.ts';
import { fail, type Finding, fine, warn } from './finding.ts';

/** Programs that change the same things or share them, by the name of their process. */
const programs: Readonly<Record<string, readonly [meaning: string, remedy: string]>> = {
  'kube-router': ['kube-router can serve Services through IPVS too', 'start it with --run-service-proxy=false'],
  keepalived: [
    'keepalived makes virtual servers of its own and may remove others when it reloads',
    'list its networks in ipvs.excludeCIDRs, and keep virtual_server out of its configuration for addresses of Services',
  ],
  'kube-vip': [
    'kube-vip announces addresses, and with service load balancing it makes IPVS virtual servers',
    'let it announce only, and set ipvs.strictARP',
  ],
  metallb: ['MetalLB answers ARP requests for load balancer addresses', 'set ipvs.strictARP'],
  speaker: ['a speaker, as of MetalLB, answers ARP requests for load balancer addresses', 'set ipvs.strictARP'],
  firewalld: ['firewalld writes rules of its own when it reloads', 'accept Service traffic there, or disable it'],
  NetworkManager: [
    'NetworkManager may take addresses off kube-ipvs0',
    'set unmanaged-devices=interface-name:kube-ipvs0',
  ],
};

/** Who else serves Services here, and what is left of who did. */
export function proxyFindings(facts: CheckFacts): readonly Finding[] {
  const area = 'proxies';
  const findings: Finding[] = facts.aliveProxies.map((proxy) => aliveFinding(proxy, facts));
  for (const name of facts.processes) {
    const [meaning, remedy] = programs[name] ?? [];
    if (meaning !== undefined && remedy !== undefined) findings.push(warn(area, meaning, remedy));
  }
  const [chain] = facts.otherModeChains;
  if (chain !== undefined) {
    const remedy = 'they take packets before IPVS does; ipvs-proxier removes them after its first good round';
    findings.push(
      warn(
        area,
        `kube-proxy in another mode has left ${facts.otherModeChains.length} chains, such as ${chain}`,
        remedy,
      ),
    );
  }
  findings.push(...ebpfFindings(facts.interfaces));
  const [server] = facts.foreignServers;
  if (server !== undefined) {
    const remedy = 'they are left alone; list their networks in ipvs.excludeCIDRs where addresses of Services overlap';
    findings.push(
      warn(area, `${facts.foreignServers.length} virtual servers belong to others, such as ${server}`, remedy),
    );
  }
  return findings.length > 0 ? findings : [fine(area, 'no other Service proxy, and nothing left of one')];
}

function aliveFinding(proxy: string, { operation }: CheckFacts): Finding {
  const text = `another Service proxy is alive: ${proxy}`;
  if (operation === 'observe') return warn('proxies', text, 'it serves; ipvs-proxier only observes, as configured');
  if (operation === 'takeover') return warn('proxies', text, 'ipvs-proxier serves as soon as it has gone');
  return fail(
    'proxies',
    text,
    'take it off this node first, or set operation: takeover; two would undo the work of each other',
  );
}

/** Network plugins that serve Services in eBPF show by their interfaces. */
function ebpfFindings(interfaces: readonly InterfaceFacts[]): readonly Finding[] {
  const has = (name: RegExp) => interfaces.some((each) => name.test(each.name));
  const findings: Finding[] = [];
  if (has(/^cilium_(host|net)$/)) {
    const remedy = 'set kubeProxyReplacement: false in Cilium, for it takes Service traffic of Pods before IPVS does';
    findings.push(warn('proxies', 'Cilium is here, and may serve Services itself', remedy));
  }
  if (has(/^bpf(in|out)\.cali$/)) {
    const remedy = 'set bpfEnabled: false in its FelixConfiguration, for it serves Services itself';
    findings.push(fail('proxies', 'Calico runs in eBPF mode', remedy));
  }
  if (has(/^antrea-gw0$/)) {
    findings.push(
      warn('proxies', 'Antrea is here, and its AntreaProxy may serve Services itself', 'set antreaProxy.enable: false'),
    );
  }
  return findings;
}

const tunnelKinds: Readonly<Record<string, number>> = { vxlan: 50, geneve: 50, ipip: 20, wireguard: 60, gre: 24 };
const virtualKinds = new Set(['bridge', 'veth', 'dummy', 'ipvlan', 'macvlan', 'tun', ...Object.keys(tunnelKinds)]);

/** Packets that are too large for a tunnel, and checksums that are wrong behind one. */
export function networkFindings({ interfaces, kernel }: CheckFacts): readonly Finding[] {
  const area = 'network';
  const up = interfaces.filter(({ isUp }) => isUp);
  const uplinks = up.filter(
    ({ kind, name }) => !virtualKinds.has(kind) && !/^(lo|veth|cali|lxc|docker|kube-)/.test(name),
  );
  const smallest = Math.min(...uplinks.map(({ mtuBytes }) => mtuBytes));
  const findings: Finding[] = [];
  for (const { name, kind, mtuBytes } of up) {
    const overhead = tunnelKinds[kind];
    if (overhead === undefined || uplinks.length === 0 || mtuBytes <= smallest - overhead) continue;
    const remedy = `set it to ${smallest - overhead} or less, else large answers hang while small ones get through`;
    findings.push(
      warn(area, `the MTU of tunnel ${name} is ${mtuBytes}, and that of the network below it ${smallest}`, remedy),
    );
  }
  if (up.some(({ kind }) => kind === 'vxlan') && hasChecksumFault(kernel)) {
    const remedy = 'take a newer kernel, or on the tunnel: ethtool -K NAME tx-checksum-ip-generic off';
    findings.push(warn(area, `Linux ${kernel} may send wrong checksums of masqueraded packets through VXLAN`, remedy));
  }
  const list = uplinks.map(({ name, mtuBytes }) => `${name} ${mtuBytes}`).join(', ');
  return findings.length > 0 || list === '' ? findings : [fine(area, `MTU: ${list}`)];
}

/** Fixed in 4.14.181, 4.19.123, 5.4.41 and 5.6.13. https://github.com/kubernetes/kubernetes/issues/88986 */
function hasChecksumFault(release: string): boolean {
  const [, major = 0, minor = 0, patch = 0] = (/^(\d+)\.(\d+)(?:\.(\d+))?/.exec(release) ?? []).map(Number);
  const fixed: Readonly<Record<string, number>> = { '4.14': 181, '4.19': 123, '5.4': 41, '5.6': 13 };
  const since = fixed[`${major}.${minor}`];
  if (since !== undefined) return patch < since;
  return major < 5 || (major === 5 && minor < 6);
}
