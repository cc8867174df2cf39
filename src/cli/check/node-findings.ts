import type { CheckFacts } from './check-facts.ts';
import { fail, type Finding, fine, warn } from './finding.ts';

/** Which iptables there is, and whether two flavours hold rules. */
export function iptablesFindings({ iptables, flavour }: CheckFacts): readonly Finding[] {
  const area = 'iptables';
  const [first] = iptables;
  if (first === undefined || flavour === undefined) {
    return [
      fail(area, 'no iptables 1.6.2 or newer that works here', 'install iptables, nft or legacy as the node uses it'),
    ];
  }
  const holding = new Set(iptables.filter(({ rules }) => (rules ?? 0) > 0).map((each) => each.flavour));
  const both =
    holding.size > 1
      ? [
          warn(
            area,
            'both flavours of iptables hold rules, and packets pass both',
            `find out who writes the other one; ipvs-proxier uses ${flavour}, which iptables.flavour can change`,
          ),
        ]
      : [];
  const list = iptables.map((each) => `${each.flavour} ${each.family}: ${each.rules ?? 'unreadable'} rules`).join(', ');
  const families = new Set(iptables.filter((each) => each.flavour === flavour).map(({ family }) => family));
  const noIpv6 = families.has('IPv6') ? [] : [fine(area, `IPv6 is not served: no ip6tables of flavour ${flavour}`)];
  return [...both, fine(area, `${flavour} will be used (${list})`), ...noIpv6];
}

interface WantedSetting {
  readonly name: string;
  readonly isWrong: (value: string) => boolean;
  readonly level: 'warning' | 'error';
  readonly text: string;
  readonly remedy: string;
  /** Whether the daemon sets it at its start, where it may. */
  readonly isSet: boolean;
}

const wantedSettings: readonly WantedSetting[] = [
  {
    name: 'net/ipv4/ip_forward',
    isWrong: (value) => value !== '1',
    level: 'error',
    text: 'packets are not forwarded',
    remedy: 'sysctl -w net.ipv4.ip_forward=1',
    isSet: true,
  },
  {
    name: 'net/ipv4/vs/conntrack',
    isWrong: (value) => value !== '1',
    level: 'error',
    text: 'IPVS does not track its connections, and nothing is masqueraded',
    remedy: 'sysctl -w net.ipv4.vs.conntrack=1',
    isSet: true,
  },
  {
    name: 'net/bridge/bridge-nf-call-iptables',
    isWrong: (value) => value !== '1',
    level: 'warning',
    text: 'bridged packets between Pods do not pass iptables',
    remedy: 'sysctl -w net.bridge.bridge-nf-call-iptables=1, unless the network plugin routes between Pods',
    isSet: false,
  },
  {
    name: 'net/ipv4/conf/all/rp_filter',
    isWrong: (value) => value === '1',
    level: 'warning',
    text: 'packets are dropped that come by another way than answers to them would take',
    remedy: 'sysctl -w net.ipv4.conf.all.rp_filter=2 where there are several interfaces or tunnels',
    isSet: false,
  },
  {
    name: 'net/ipv6/conf/all/forwarding',
    isWrong: (value) => value !== '1',
    level: 'warning',
    text: 'IPv6 packets are not forwarded',
    remedy: 'sysctl -w net.ipv6.conf.all.forwarding=1 where Pods have IPv6 addresses',
    isSet: false,
  },
];

/** Settings of the kernel, and whether they can be put right. */
export function settingFindings({ settings, settingsWritable }: CheckFacts): readonly Finding[] {
  const area = 'settings';
  const wrong = wantedSettings.flatMap(({ name, isWrong, level, text, remedy, isSet }): readonly Finding[] => {
    const value = settings[name];
    if (value === undefined || !isWrong(value)) return [];
    if (isSet && settingsWritable)
      return [fine(area, `${dotted(name)} is ${value}; ipvs-proxier sets it at its start`)];
    const report = level === 'error' ? fail : warn;
    return [report(area, `${dotted(name)} is ${value}: ${text}`, remedy)];
  });
  const right = wantedSettings.filter(({ name, isWrong }) => settings[name] !== undefined && !isWrong(settings[name]));
  const list = right.map(({ name }) => `${dotted(name)} ${settings[name]}`).join(', ');
  const readOnly = settingsWritable
    ? []
    : [
        warn(
          area,
          '/proc/sys cannot be written here',
          'run --init-only in a privileged container first, or set what is missing on the node',
        ),
      ];
  return [...wrong, ...readOnly, ...(list === '' ? [] : [fine(area, list)])];
}

function dotted(name: string): string {
  return name.replaceAll('/', '.');
}

/** Capabilities that the daemon needs, and what for. */
const neededCapabilities: Readonly<Record<string, string>> = {
  NET_ADMIN: 'without which nothing in the kernel can be changed',
  NET_RAW: 'without which iptables cannot match on IP sets',
};

/** What this process may do, and where. */
export function rightFindings(facts: CheckFacts): readonly Finding[] {
  const area = 'rights';
  const findings: Finding[] = [];
  for (const [name, use] of Object.entries(neededCapabilities)) {
    if (facts.capabilities.includes(name)) continue;
    findings.push(
      fail(area, `the capability ${name} is missing, ${use}`, `run as root, or give ${name} to the container`),
    );
  }
  const isLoading = Object.values(facts.modules).includes('available') && !facts.capabilities.includes('SYS_MODULE');
  if (isLoading) {
    const remedy = 'the kernel loads most by itself; what it does not has to be loaded on the node by modprobe';
    findings.push(warn(area, 'modules are to be loaded and the capability SYS_MODULE is missing', remedy));
  }
  if (facts.isHostNetwork === false) {
    const remedy = 'set hostNetwork: true, for Services of the node are made in its own network namespace';
    findings.push(fail(area, 'this is not the network namespace of the node', remedy));
  }
  if (facts.addonFailure !== undefined) {
    const remedy = 'the slower package netlink is used, without notifications of the kernel';
    findings.push(warn(area, `the native addon does not load: ${facts.addonFailure}`, remedy));
  }
  for (const each of facts.unread) findings.push(fail(area, `cannot be read: ${each}`, 'run as root on the node'));
  return findings.length > 0 ? findings : [fine(area, 'NET_ADMIN and NET_RAW, in the network of the node')];
}
