import { paint, type Terminal } from '../terminal.ts';
import { formatEndpoint, type VirtualServerIdentity } from '../../model/virtual-server.ts';
import { amountText, durationText } from './amount-text.ts';
import type { ShownOwner } from './daemon-picture.ts';
import type { ShownRealServer, ShownVirtualServer } from './service-view.ts';
import { type Column, columnWidths, rowText } from './text-columns.ts';

/** How a table is written. */
export interface TableStyle {
  readonly terminal: Terminal;
  /** Nothing is cut, whatever the width, and counters are shown. */
  readonly wide: boolean;
}

const serverColumns: readonly Column[] = [
  { heading: '  REAL SERVER', align: 'left' },
  { heading: 'POD', align: 'left', least: 12 },
  { heading: 'NODE', align: 'left', least: 8 },
  { heading: 'ZONE', align: 'left', least: 6 },
  { heading: 'WEIGHT', align: 'right' },
  { heading: 'ACTIVE', align: 'right' },
  { heading: 'INACTIVE', align: 'right' },
  { heading: 'STATE', align: 'left' },
];

/** The view as text: a line for each virtual server, and under it one for each of its real servers. */
export function servicesTable(view: readonly ShownVirtualServer[], { terminal, wide }: TableStyle): string {
  const width = wide ? Number.POSITIVE_INFINITY : terminal.width;
  const allRows = view.map(({ realServers }) => realServers.map(serverCells));
  const kept = [...serverColumns.keys()].filter((index) => isShown(index, allRows));
  const rows = allRows.map((cells) => cells.map((each) => kept.map((index) => each[index] ?? '')));
  const columns = serverColumns.filter((_, index) => kept.includes(index));
  const widths = columnWidths(columns, rows.flat(), width);
  const headings = columns.map(({ heading }) => heading);
  const lines = [paint(terminal, 'dim', rowText(columns, widths, headings))];
  for (const [index, shown] of view.entries()) {
    lines.push(headLine(shown, terminal, wide));
    for (const [at, realServer] of shown.realServers.entries()) {
      const text = rowText(columns, widths, rows[index]?.[at] ?? []);
      lines.push(paintServer(terminal, realServer, text));
    }
    if (shown.realServers.length === 0) lines.push(paint(terminal, 'yellow', '  no real servers'));
  }
  return `${lines.join('\n')}\n`;
}

/** Names that nobody knows take no room. */
function isShown(column: number, rows: readonly (readonly (readonly string[])[])[]): boolean {
  return serverColumns[column]?.least === undefined || rows.flat().some((cells) => cells[column] !== '');
}

function headLine(shown: ShownVirtualServer, terminal: Terminal, wide: boolean): string {
  const { owner, scheduler, persistenceSeconds, identity } = shown;
  const words = [virtualServerText(identity), scheduler];
  if (owner !== undefined) words.push(owner.type, viaText(owner));
  if (persistenceSeconds > 0) words.push(`affinity ${durationText(persistenceSeconds)}`);
  if (wide) words.push(...countersWords(shown));
  return `${paint(terminal, 'bold', ownerText(owner))}  ${words.join('  ')}`;
}

function countersWords({ counters }: ShownVirtualServer): string[] {
  const { connections, incomingBytes, outgoingBytes } = counters;
  const amount = (count: bigint) => amountText(Number(count));
  return [`${amount(connections)} connections`, `in ${amount(incomingBytes)}B`, `out ${amount(outgoingBytes)}B`];
}

/** `namespace/name:port`; a dash for what is no Service's, as far as it is known. */
export function ownerText(owner: ShownOwner | undefined): string {
  if (owner === undefined) return '-';
  return `${owner.namespace}/${owner.name}${owner.portName === '' ? '' : `:${owner.portName}`}`;
}

export function virtualServerText(identity: VirtualServerIdentity): string {
  if (identity.kind === 'firewallMark') return `firewall mark ${identity.firewallMark} ${identity.family}`;
  return `${identity.protocol} ${formatEndpoint(identity.address, identity.port)}`;
}

const kinds = {
  clusterIP: 'internal',
  externalIP: 'external IP',
  loadBalancer: 'load balancer',
  nodePort: 'node port',
} as const;

function viaText({ from, policy }: ShownOwner): string {
  return `${kinds[from]} (policy ${policy})`;
}

function serverCells(realServer: ShownRealServer): readonly string[] {
  const { address, port, pod, node, zone, weight, activeConnections, inactiveConnections } = realServer;
  return [
    `  ${address.includes(':') ? `[${address}]` : address}:${port}`,
    pod,
    node,
    zone,
    String(weight),
    String(activeConnections),
    String(inactiveConnections),
    stateText(realServer),
  ];
}

/** `idle` is what no connection goes to and nobody knows why: its weight is 0. */
export function stateText({ state, forSeconds }: Pick<ShownRealServer, 'state' | 'forSeconds'>): string {
  const since = forSeconds === undefined ? '' : ` for ${durationText(forSeconds)}`;
  return state === 'idle' ? 'weight 0' : `${state}${since}`;
}

function paintServer(terminal: Terminal, { state }: ShownRealServer, text: string): string {
  return state === 'active' ? text : paint(terminal, 'yellow', text);
}
