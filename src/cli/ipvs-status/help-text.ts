import { hangingLines, paint, type Terminal, wrapWords } from '../terminal.ts';

type Entry = readonly [lead: string, meaning: string];

interface Section {
  readonly heading: string;
  readonly entries: readonly Entry[];
}

/** What `--help` prints, as wide as the terminal. Every example can be pasted. */
export function helpText(program: string, terminal: Terminal): string {
  const lines: string[] = [];
  for (const paragraph of introduction) lines.push(...wrapWords(`${program} ${paragraph}`, terminal.width), '');
  for (const { heading, entries } of sections(program)) {
    lines.push(paint(terminal, 'bold', `${heading}:`), ...entryLines(entries, terminal.width), '');
  }
  return `${lines.slice(0, -1).join('\n')}\n`;
}

/** Where the terminal is narrow, or the lead long, the meaning has lines of its own. */
function entryLines(entries: readonly Entry[], width: number): readonly string[] {
  const indent = width < 76 ? 10 : Math.min(36, Math.max(...entries.map(([lead]) => lead.length)) + 4);
  return entries.flatMap(([lead, meaning]) => {
    if (meaning === '') return [`  ${lead}`];
    return hangingLines(`  ${lead}`, meaning, indent, width);
  });
}

const introduction = [
  "shows what is in the kernel's IPVS table, and which Services it is for. It changes nothing. With the listing options of ipvsadm 1.31 it prints the same bytes, faster where the table is large.",
];

function sections(program: string): readonly Section[] {
  return [
    {
      heading: 'Examples',
      entries: [
        [`${program} -Ln`, 'all of it, as ipvsadm prints it, without waiting for name servers'],
        [`${program} --services`, 'the same with Services, pods, nodes, zones, and what drains since when'],
        [`${program} --watch`, 'a live view: who has how much traffic right now'],
        [`${program} --service shop/web`, 'where a Service leads to on this node'],
        [`${program} --address 10.244.1.7 -o yaml`, 'every virtual server that leads to a Pod, as data'],
        [`${program} --namespace shop --node n3`, 'real servers of a namespace on one node'],
        [`${program} -Ln -t 10.96.0.10:53`, 'where a Service address leads to'],
        [`${program} -Ln --stats --exact`, 'who gets how much traffic'],
        [`${program} -Lnc | grep 10.244.1.7:8080`, 'who is connected to a Pod'],
      ],
    },
    {
      heading: 'As ipvsadm prints it',
      entries: [
        ['-L|-l [SERVICE] [OPTIONS]', 'list virtual servers and their real servers; without any option the same'],
        ['-L -c [-n]', 'list connections'],
        ['-L --timeout', 'show how long idle connections are kept'],
        ['-L --daemon', 'show the connection synchronization daemons'],
        ['-S [-n]', 'print the table as ipvsadm restores it (without thresholds)'],
      ],
    },
    {
      heading: 'SERVICE, for one virtual server only',
      entries: [
        ['-t, --tcp-service HOST[:PORT]', 'e.g. -t 10.96.0.1:443 or -t [fd00::1]:443'],
        ['-u, --udp-service HOST[:PORT]', ''],
        ['    --sctp-service HOST[:PORT]', ''],
        ['-f, --fwmark-service MARK [-6]', '-6: the virtual server of that mark for IPv6'],
      ],
    },
    {
      heading: 'OPTIONS',
      entries: [
        ['-n, --numeric', 'addresses and ports as numbers: no name is looked up'],
        ['    --stats', 'connections, packets and bytes since the counters were reset'],
        ['    --rate', 'the same per second'],
        ['    --exact', 'counters as they are, not in K, M, G and T'],
        ['    --thresholds', 'connection limits of real servers'],
        ['    --persistent-conn', "persistent connections of real servers; with -c also the persistence engine's data"],
        ['    --tun-info', 'encapsulation of tunnelled real servers'],
        ['    --nosort', "in the kernel's order; --sort, the default, orders by address and port"],
      ],
    },
    {
      heading: 'With names of Services and pods, which the running ipvs-proxier tells',
      entries: [
        ['    --services', 'a table of Services'],
        ['-o, --output FORM', 'table, wide (nothing is cut off, with counters), json or yaml'],
        ['    --watch', 'a live view on a terminal, else one table after the other; ? explains its keys, q ends it'],
        ['    --interval SECONDS', 'between two pictures, with --watch; 1 by default'],
        ['    --count NUMBER', 'end after so many pictures'],
        ['    --service [NAMESPACE/]NAME', 'this Service only'],
        ['    --namespace NAMESPACE', 'Services of this namespace only'],
        ['    --address ADDRESS[:PORT]', 'what is on this address, or leads to it'],
        ['    --node NODE', 'real servers on this node only'],
        ['    --socket PATH', 'where ipvs-proxier listens; /run/ipvs-proxier/status.sock by default'],
      ],
    },
    {
      heading: 'Else',
      entries: [
        ['    --completion SHELL', 'print completions for bash, zsh or fish: source <(ipvs-status --completion bash)'],
        ['-h, --help', 'this text'],
        ['-v, --version', 'version of this program'],
      ],
    },
    {
      heading: 'Columns',
      entries: [
        ['Forward', 'Masq (address translation), Local, Route (direct routing), Tunnel'],
        ['Weight', 'share of new connections; 0 takes none and keeps those it has'],
        ['ActiveConn', 'established connections; InActConn: all others, such as closing ones and UDP'],
        ['STATE', 'active; draining: the endpoint is gone; waiting: it still is listed and ends; weight 0: of itself'],
      ],
    },
    {
      heading: 'Exit codes',
      entries: [
        ['0', 'listed'],
        ['1', 'no such virtual server or Service; or the kernel failed'],
        ['2', 'options that do not go together; or IPVS cannot be reached (NET_ADMIN, module ip_vs)'],
        ['255', 'a command line that cannot be read'],
      ],
    },
  ];
}
