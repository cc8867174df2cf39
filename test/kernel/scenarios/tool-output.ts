import type { IpFamily } from '../../../src/model/ip.ts';
import { withoutComment } from '../../scenarios/run/rules-without-comments.ts';

/** Sets as `ipset save` prints them, as flat lines: `KUBE-CLUSTER-IP 10.96.0.1,tcp:80`. */
export function setLines(saved: string): readonly string[] {
  return lines(saved).flatMap((line) => {
    const [command, name, entry] = line.split(' ');
    return command === 'add' ? [`${name} ${entry}`] : [];
  });
}

/** Addresses as `ip -o address show dev kube-ipvs0` prints them, as flat lines. Link-local ones are the kernel's own. */
export function boundLines(shown: string): readonly string[] {
  const addresses = lines(shown).map((line) => /inet6? ([^ /]+)/.exec(line)?.[1] ?? '');
  return addresses
    .filter((address) => address !== '' && !address.startsWith('fe80:'))
    .map((address) => `bound ${address}`);
}

/** The command that adds an IPv4 flow written as `CLIENT:PORT -> ADDRESS:PORT via ADDRESS:PORT`. */
export function flowInsertion(flow: string): string {
  const [, client, clientPort, address, port, server, serverPort] =
    /^([\d.]+):(\d+) -> ([\d.]+):(\d+) via ([\d.]+):(\d+)$/.exec(flow) ?? [];
  if (client === undefined) throw new Error(`"${flow}" is no IPv4 flow`);
  const original = `-s ${client} -d ${address} --sport ${clientPort} --dport ${port}`;
  const reply = `-r ${server} -q ${client} --reply-port-src ${serverPort} --reply-port-dst ${clientPort}`;
  return `conntrack -I -p udp ${original} ${reply} -t 600 2>/dev/null`;
}

/** UDP flows as `conntrack -L` prints them, as flat lines. */
export function flowLines(listed: string): readonly string[] {
  return lines(listed).map((line) => {
    const values = (key: string) => [...line.matchAll(new RegExp(`\\b${key}=(\\S+)`, 'g'))].map(([, value]) => value);
    const [sources, destinations] = [values('src'), values('dst')];
    const [sourcePorts, ports] = [values('sport'), values('dport')];
    return `flow ${sources[0]}:${sourcePorts[0]} -> ${destinations[0]}:${ports[0]} via ${sources[1]}:${sourcePorts[1]}`;
  });
}

/** The rules of our chains as iptables-save prints them, as flat lines: `rule FAMILY TABLE CHAIN NUMBER: RULE`. */
export function ruleLines(family: IpFamily, saved: string): readonly string[] {
  let table = '';
  const counts = new Map<string, number>();
  return lines(saved).flatMap((line) => {
    if (line.startsWith('*')) table = line.slice(1);
    const [, chain, rule = ''] = /^-A (KUBE-\S+) (.*)$/.exec(line) ?? [];
    if (chain === undefined) return [];
    const name = `${table} ${chain}`;
    const number = (counts.get(name) ?? 0) + 1;
    counts.set(name, number);
    return [`rule ${family} ${name} ${number}: ${withoutComment(rule)}`];
  });
}

const protocolNames: Readonly<Record<string, string>> = { '6': 'tcp', '17': 'udp', '132': 'sctp' };

/** One spelling for rules as they are written and as iptables-save prints them. */
export function normalizedRule(line: string): string {
  if (!line.startsWith('rule ')) return line;
  const end = line.indexOf(': ') + 2;
  const rule = line
    .slice(end)
    .replace(/-j MARK --set-xmark 0x4000\/0x4000/, '-j MARK --or-mark 0x00004000')
    .replace(/-j MARK --set-xmark 0x4000\/0x0/, '-j MARK --xor-mark 0x00004000')
    .replace(/--mark 0x4000\/0x4000/, '--mark 0x00004000/0x00004000')
    .replace(/ --reject-with \S+/, '')
    .replace(/--vproto (\d+)/, (_, number: string) => `--vproto ${protocolNames[number] ?? number}`)
    .replace(/(-s|--vaddr) (\S+)\/(?:32|128)\b/g, '$1 $2');
  const [incoming] = /! -[si] \S+/.exec(rule) ?? [''];
  const rest = incoming === '' ? rule : rule.replace(` ${incoming}`, '').replace(`${incoming} `, '');
  return `${line.slice(0, end)}${incoming === '' ? '' : `${incoming} `}${sortedIpvsMatch(rest)}`;
}

/** Options of the match on virtual servers, whose order means nothing, in order of the alphabet. */
function sortedIpvsMatch(rule: string): string {
  return rule.replace(/-m ipvs( --v\S+ \S+)+/, (match) => {
    const options = match
      .slice('-m ipvs'.length)
      .trim()
      .split(/ (?=--)/);
    return `-m ipvs ${options.sort().join(' ')}`;
  });
}

function lines(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '');
}
