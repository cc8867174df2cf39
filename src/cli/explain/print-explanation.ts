import { type Colour, hangingLines, paint, type Terminal, wrapWords } from '../terminal.ts';
import { whyUnused } from './endpoint-links.ts';
import type { Explanation } from './explain-links.ts';
import type { EndpointFacts, ExplainFacts, PathFacts } from './facts.ts';
import type { Link } from './link.ts';
import { pathName } from './path-links.ts';

/** Endpoints and real servers that are listed; of more, the first. */
const mostListed = 12;
const marks: Readonly<Record<Link['status'], readonly [text: string, colour: Colour]>> = {
  ok: ['ok', 'green'],
  broken: ['BROKEN', 'red'],
  suspect: ['suspect', 'yellow'],
  unknown: ['unknown', 'dim'],
};

/** The explanation as text: a picture, the links, and the first that is broken. Pure. */
export function explanationText(facts: ExplainFacts, explanation: Explanation, terminal: Terminal): string {
  const { links, firstBroken } = explanation;
  return `${[
    ...heading(facts, terminal),
    '',
    ...facts.paths.flatMap((path) => [...picture(path, facts, terminal), '']),
    ...links.flatMap((link) => linkLines(link, terminal)),
    '',
    ...verdict(links, firstBroken, terminal),
  ].join('\n')}\n`;
}

/** The explanation for programs. Pure. */
export function explanationJson(facts: ExplainFacts, { links, firstBroken }: Explanation): string {
  return `${JSON.stringify({ firstBroken: firstBroken ?? null, links, facts }, undefined, 2)}\n`;
}

function heading({ service, asked, node, client }: ExplainFacts, terminal: Terminal): readonly string[] {
  const from = client === undefined ? '' : `, client ${client.address} (${client.kind})`;
  const title = paint(terminal, 'bold', service?.key ?? asked);
  const [first = '', ...rest] = wrapWords(`${service?.key ?? asked} seen from node ${node}${from}`, terminal.width);
  return [first.replace(service?.key ?? asked, title), ...rest];
}

/** `client ─► address ─► scheduler ─► real servers`, with what the kernel counts. */
function picture(path: PathFacts, facts: ExplainFacts, terminal: Terminal): readonly string[] {
  const drawing = { facts, path, endpoints: endpointsOf(path, facts), terminal };
  const inKernel = path.kernel?.realServers.map(({ key }) => key) ?? [];
  const keys = new Set([...inKernel, ...path.wanted]);
  const unused = [...drawing.endpoints.values()].filter(({ key }) => !keys.has(key));
  const lines = [
    ...[...keys].map((key) => serverLine(key, drawing)),
    ...unused.map((each) => unusedLine(each, terminal)),
  ];
  const rest = lines.length > mostListed ? [`      ... and ${lines.length - mostListed} more`] : [];
  const client = facts.client?.address ?? 'client';
  const head = `  ${client} ─► ${pathName(path)} (${path.kind}) ─► ${middleOf(path, facts, terminal)}`;
  return [lines.length === 0 ? head : `${head} ─┐`, ...lines.slice(0, mostListed), ...rest];
}

interface Drawing {
  readonly facts: ExplainFacts;
  readonly path: PathFacts;
  readonly endpoints: ReadonlyMap<string, EndpointFacts>;
  readonly terminal: Terminal;
}

function endpointsOf({ portName, address }: PathFacts, { ports }: ExplainFacts): Drawing['endpoints'] {
  const family = address.includes(':') ? 'IPv6' : 'IPv4';
  const port = ports.find((each) => each.name === portName && each.family === family);
  return new Map(port?.endpoints.map((endpoint) => [endpoint.key, endpoint]));
}

function middleOf({ kernel, notServed }: PathFacts, facts: ExplainFacts, terminal: Terminal): string {
  if (kernel !== undefined) return `IPVS ${kernel.scheduler}`;
  if (!isKernelSeen(facts)) return 'IPVS';
  return paint(terminal, 'red', notServed === undefined ? 'no virtual server' : 'not served');
}

function isKernelSeen({ isThisNode, unread }: ExplainFacts): boolean {
  return isThisNode && unread.length === 0;
}

function serverLine(key: string, { facts, path, endpoints, terminal }: Drawing): string {
  const endpoint = endpoints.get(key);
  const line = `      ├─► ${key}${placeOf(endpoint)}`;
  const server = path.kernel?.realServers.find((each) => each.key === key);
  if (server === undefined)
    return isKernelSeen(facts) ? `${line}  ${paint(terminal, 'red', 'not in the kernel')}` : line;
  const { weight, active, inactive, connections } = server;
  const counts = `  weight ${weight}, ${active} active, ${inactive} inactive, ${connections} since it was added`;
  if (path.wanted.includes(key)) return line + counts;
  const reason = endpoint === undefined ? 'no endpoint' : (whyUnused(endpoint) ?? notForPolicy);
  return line + counts + paint(terminal, 'yellow', `  ${weight === 0 ? 'draining' : 'unwanted'}: ${reason}`);
}

const notForPolicy = 'not for this policy';

function unusedLine(endpoint: EndpointFacts, terminal: Terminal): string {
  const reason = whyUnused(endpoint) ?? notForPolicy;
  return paint(terminal, 'dim', `      ╳   ${endpoint.key}${placeOf(endpoint)}  ${reason}`);
}

function placeOf(endpoint: EndpointFacts | undefined): string {
  return endpoint === undefined || endpoint.nodeName === '' ? '' : ` on ${endpoint.nodeName}`;
}

function linkLines({ name, status, text }: Link, terminal: Terminal): readonly string[] {
  const [mark, colour] = marks[status];
  const [first = '', ...rest] = hangingLines(`  ${mark.padEnd(8)} ${name}`, text, 27, terminal.width);
  return [first.replace(mark, paint(terminal, colour, mark)), ...rest];
}

function verdict(links: readonly Link[], firstBroken: Link | undefined, terminal: Terminal): readonly string[] {
  if (firstBroken !== undefined) {
    return [paint(terminal, 'red', 'First broken link'), ...wrapWords(firstBroken.text, terminal.width)];
  }
  const [first] = links.filter(({ status }) => status === 'suspect');
  if (links.some(({ name, status }) => name === 'kernel' && status === 'unknown')) {
    return [paint(terminal, 'yellow', 'No link is broken as far as could be looked at, which is not all of the way.')];
  }
  if (first === undefined) return [paint(terminal, 'green', 'No link is broken.')];
  return [
    paint(terminal, 'yellow', 'No link is broken. To be looked at first'),
    ...wrapWords(first.text, terminal.width),
  ];
}
