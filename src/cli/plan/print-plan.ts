import type { NotedOperation } from '../noted-operation.ts';
import type { PlannedServiceReport, PlanReport } from './plan-report.ts';
import { operationText, type OperationText, virtualServerText } from '../operation-text.ts';
import { hangingLines, paint, type Terminal, wrapWords } from '../terminal.ts';

/** The report as text. Pure. */
export function planText(report: PlanReport, terminal: Terminal): string {
  return joined([
    ...wrapWords(headingOf(report), terminal.width),
    ...report.gaps.flatMap((gap) => warning('not read', gap, terminal)),
    ...report.problems.flatMap((problem) => warning('object', problem, terminal)),
    '',
    ...report.services.flatMap((service) => [...serviceLines(service, terminal), '']),
    ...operationLines(report.operations, terminal),
  ]);
}

/** Only the operations, one on a line. Pure. */
export function operationsText(report: PlanReport, terminal: Terminal): string {
  return report.operations.flatMap((operation) => linesOf(operation, '', terminal).map((line) => `${line}\n`)).join('');
}

/** The report for programs. Pure. */
export function planJson(report: PlanReport): string {
  const { operations, services, ...rest } = report;
  const shown = {
    ...rest,
    services: services.map(({ virtualServers, ...service }) => ({
      ...service,
      virtualServers: virtualServers.map(({ virtualServer, realServers, heldBy }) => ({
        key: virtualServer.key,
        scheduler: virtualServer.scheduler,
        flags: virtualServer.flags,
        persistenceTimeoutSeconds: virtualServer.persistenceTimeoutSeconds,
        ...(heldBy !== undefined && { heldBy }),
        realServers: realServers.map(({ key, weight }) => ({ key, weight })),
      })),
    })),
    operations: operations.map((operation) => {
      const { sign, text, details } = operationText(operation);
      return { kind: operation.kind, sign, text, ...(details.length > 0 && { details }) };
    }),
  };
  return `${JSON.stringify(shown, undefined, 2)}\n`;
}

function headingOf({ node, objects, comparedWith, services }: PlanReport): string {
  const count = `${services.length} ${services.length === 1 ? 'Service' : 'Services'}`;
  return `Node ${node}: ${count} of ${objects}, compared with ${comparedWith}.`;
}

function warning(lead: string, text: string, terminal: Terminal): readonly string[] {
  const [first = '', ...rest] = hangingLines(`${lead}:`, text, 11, terminal.width);
  return [first.replace(`${lead}:`, paint(terminal, 'yellow', `${lead}:`)), ...rest];
}

function serviceLines(service: PlannedServiceReport, terminal: Terminal): readonly string[] {
  const listed = (name: string, items: readonly string[]) =>
    items.length === 0 ? [] : hangingLines(`  ${name}`, items.join(' '), 12, terminal.width);
  const health = service.healthCheckNodePort === 0 ? [] : [String(service.healthCheckNodePort)];
  return [
    `${paint(terminal, 'bold', service.key)}  ${service.type}`,
    ...service.virtualServers.flatMap(({ virtualServer, realServers, heldBy }) => {
      const taken = heldBy === undefined ? '' : paint(terminal, 'yellow', `  held by ${heldBy}`);
      const servers = realServers.map(({ key, weight }) => `    ${key} weight ${weight}`);
      const none = paint(terminal, 'yellow', '    no endpoint: refused');
      return [`  ${virtualServerText(virtualServer)}${taken}`, ...(servers.length === 0 ? [none] : servers)];
    }),
    ...listed('addresses', service.addresses),
    ...listed('health', health),
    ...listed(
      'entries',
      service.entries.map(({ set, entry }) => `${set}:${entry}`),
    ),
    ...service.notes.flatMap((note) => hangingLines('  note', note, 12, terminal.width)),
  ];
}

function operationLines(operations: readonly NotedOperation[], terminal: Terminal): readonly string[] {
  if (operations.length === 0) return [paint(terminal, 'green', 'Nothing would be written.')];
  const count = operations.length === 1 ? '1 operation' : `${operations.length} operations`;
  return [
    paint(terminal, 'bold', `${count} would follow:`),
    ...operations.flatMap((operation) => linesOf(operation, '  ', terminal)),
  ];
}

const colours = { '+': 'green', '-': 'red', '~': 'yellow' } as const;

function linesOf(operation: NotedOperation, indent: string, terminal: Terminal): readonly string[] {
  const { sign, text, details }: OperationText = operationText(operation);
  return [
    `${indent}${paint(terminal, colours[sign], sign)} ${text}`,
    ...details.map((detail) => `${indent}    ${detail}`),
  ];
}

function joined(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`;
}
