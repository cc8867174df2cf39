import { loadedAtStart, schedulerModule, vitalModules } from '../../model/kernel-modules.ts';
import type { ExplainFacts } from './facts.ts';
import { broken, type Link, ok, suspect } from './link.ts';
import { repairOf } from './object-links.ts';

/** Modules of the kernel, those of the schedulers among them. */
export function moduleLinks({ modules, paths }: ExplainFacts): readonly Link[] {
  const name = 'modules';
  const missing = vitalModules.find((module) => modules[module] === 'missing');
  if (missing !== undefined) {
    const remedy = 'install the modules of the running kernel, or boot one that has it';
    return [broken(name, `The kernel of this node has no module ${missing}`, remedy)];
  }
  const schedulers = [...new Set(paths.map(({ scheduler }) => schedulerModule(scheduler)))];
  const scheduler = schedulers.find((module) => modules[module] === 'missing');
  if (scheduler !== undefined) {
    const remedy = 'install that module, or choose another ipvs.scheduler';
    return [broken(name, `The kernel of this node has no module ${scheduler}`, remedy)];
  }
  const absent = loadedAtStart.find((module) => modules[module] === 'available');
  if (absent === undefined)
    return [ok(name, [...vitalModules, ...schedulers].filter((each) => modules[each]).join(' '))];
  const remedy = `start ipvs-proxier, which loads it, or on the node: modprobe ${absent}`;
  return [broken(name, `The module ${absent} is not loaded`, remedy)];
}

interface SettingRule {
  readonly name: string;
  readonly isWrong: (value: string, facts: ExplainFacts) => boolean;
  readonly report: typeof broken | typeof suspect;
  readonly what: string;
  readonly remedy: string;
}

const settingRules: readonly SettingRule[] = [
  {
    name: 'net/ipv4/ip_forward',
    isWrong: (value, { paths }) => value === '0' && paths.some(({ address }) => !address.includes(':')),
    report: broken,
    what: 'The kernel does not forward packets (net.ipv4.ip_forward is 0)',
    remedy: 'set it to 1; something on this node sets it back, if ipvs-proxier has run',
  },
  {
    name: 'net/ipv6/conf/all/forwarding',
    isWrong: (value, { paths }) => value === '0' && paths.some(({ address }) => address.includes(':')),
    report: broken,
    what: 'The kernel does not forward IPv6 packets (net.ipv6.conf.all.forwarding is 0)',
    remedy: 'set it to 1 on this node',
  },
  {
    name: 'net/ipv4/vs/conntrack',
    isWrong: (value) => value === '0',
    report: broken,
    what: 'IPVS does not track its connections (net.ipv4.vs.conntrack is 0), so that nothing is masqueraded',
    remedy: 'set it to 1; ipvs-proxier does that at its start',
  },
  {
    name: 'net/bridge/bridge-nf-call-iptables',
    isWrong: (value, { client }) => value === '0' && client?.kind !== 'outside',
    report: suspect,
    what: 'Packets between Pods on one bridge do not pass iptables (net.bridge.bridge-nf-call-iptables is 0), so that answers can take a way around IPVS',
    remedy: 'set it to 1, unless the network plugin routes between Pods',
  },
  {
    name: 'net/ipv4/conf/all/rp_filter',
    isWrong: (value) => value === '1',
    report: suspect,
    what: 'Packets are dropped that come by another way than answers to them would take (net.ipv4.conf.all.rp_filter is 1)',
    remedy: 'set it to 2 or 0 where nodes have several interfaces or tunnels',
  },
  {
    name: 'net/ipv4/vs/conn_reuse_mode',
    isWrong: (value, { settings }) => value === '1' && settings['net/ipv4/vs/expire_nodest_conn'] === '0',
    report: suspect,
    what: 'Connections to Pods that are gone stay (net.ipv4.vs.expire_nodest_conn is 0)',
    remedy: 'set it to 1; ipvs-proxier does that at its start',
  },
];

/** Settings of the kernel. */
export function settingLinks(facts: ExplainFacts): readonly Link[] {
  const name = 'settings';
  const found = settingRules.flatMap((rule) => {
    const value = facts.settings[rule.name];
    return value !== undefined && rule.isWrong(value, facts) ? [rule.report(name, rule.what, rule.remedy)] : [];
  });
  if (found.length > 0) return found;
  const shown = ['net/ipv4/ip_forward', 'net/ipv4/vs/conntrack'].flatMap((each) => {
    const value = facts.settings[each];
    return value === undefined ? [] : [`${each.split('/').at(-1)} ${value}`];
  });
  return [ok(name, shown.join(', '))];
}

/** The table of tracked connections. */
export function conntrackLinks({ conntrack }: ExplainFacts): readonly Link[] {
  const name = 'conntrack';
  if (conntrack === undefined) return [];
  const { count, max } = conntrack;
  const text = `${count} of ${max} flows tracked`;
  if (max > 0 && count >= max) {
    const remedy = 'raise conntrack.maxPerCore or conntrack.min, and look for who opens so many';
    return [broken(name, `The connection tracking table is full (${text}), and new connections are dropped`, remedy)];
  }
  if (max > 0 && count > max * 0.9) {
    return [suspect(name, `The connection tracking table is nearly full (${text})`, 'raise conntrack.maxPerCore')];
  }
  return [ok(name, text)];
}

/** The interface that has the addresses. */
export function interfaceLinks(facts: ExplainFacts): readonly Link[] {
  if (facts.hasInterface || !facts.paths.some(({ toBeBound }) => toBeBound)) return [];
  const what = 'The interface kube-ipvs0 is missing, and with it the addresses of all Services';
  return [broken('address', what, repairOf(facts))];
}

/** The port that load balancers ask. */
export function healthLinks({ health, daemon }: ExplainFacts): readonly Link[] {
  const name = 'health port';
  if (health === undefined) return [];
  const { port, status, localEndpoints } = health;
  if (status === 0) {
    const remedy =
      daemon.processId === undefined
        ? 'start ipvs-proxier, which opens it'
        : 'see whether another program has the port';
    return [
      broken(name, `Nobody listens on the health check port ${port}, so load balancers leave this node out`, remedy),
    ];
  }
  if (status !== 200 && localEndpoints > 0) {
    const what = `The health check port ${port} answers ${status} with ${localEndpoints} local endpoints`;
    return [broken(name, what, 'ipvs-proxier is not healthy; look at its log')];
  }
  const said = localEndpoints === 0 ? 'none here, so load balancers leave this node out' : `${localEndpoints} here`;
  return [ok(name, `${port} answers ${status}: ${said}`)];
}

/** Who answers for the addresses on the network outside. */
export function arpLinks({ strictArp, settings, paths }: ExplainFacts): readonly Link[] {
  const outside = paths.filter(({ kind }) => kind === 'load balancer IP' || kind === 'external IP');
  const [first] = outside.filter(({ toBeBound, address }) => toBeBound && !address.includes(':'));
  if (first === undefined) return [];
  const ignores = settings['net/ipv4/conf/all/arp_ignore'];
  if (strictArp || ignores === undefined || Number(ignores) > 0)
    return [ok('ARP', `arp_ignore ${ignores ?? 'unknown'}`)];
  const what = `Every node answers ARP requests for ${first.address}, for it is bound on all of them`;
  return [suspect('ARP', what, 'set ipvs.strictARP where something such as MetalLB announces it from one node')];
}
