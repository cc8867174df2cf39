import { describe, expect, it } from '@jest/globals';
import { HintLog } from '../../../../src/app/rounds/hint-log.ts';
import { ClusterTables } from '../../../../src/cluster/tables.ts';
import { silentLog, type LogFields } from '../../../../src/observe/log.ts';
import { planService } from '../../../../src/plan/plan-service.ts';
import { aService, aSlice, anEndpoint, nodeFacts, planConfig } from '../../../support/builders.ts';

/** What is logged when a Service with these hints is planned. */
function logged(zoneHints: readonly string[][], verbosity: number, isThere = true) {
  const lines: [number, string, LogFields | undefined][] = [];
  const tables = new ClusterTables(() => {});
  const service = aService();
  tables.updateEndpointSlice(
    aSlice(zoneHints.map((hints, n) => anEndpoint(`10.244.2.${n + 1}`, { zoneHints: hints }))),
  );
  const log = {
    ...silentLog,
    isVerbose: (level: number) => level <= verbosity,
    debug: (level: number, message: string, fields?: LogFields) => {
      if (level <= verbosity) lines.push([level, message, fields]);
    },
  };
  const hints = new HintLog({ tables, nodeName: 'node-1', log });
  const plan = planService({ service, slices: tables.slicesOf(service.key) }, nodeFacts(), planConfig());
  hints.follow({ key: service.key, ...(isThere ? { service, plan } : { service: undefined, plan: undefined }) });
  return lines;
}

describe('HintLog', () => {
  it('says for which port hints do not count, and why', () => {
    const [port] = aService().ports;
    const name = port?.name === '' ? String(port.port) : port?.name;
    const fields = {
      service: 'default/web',
      port: name,
      family: 'IPv4',
      kind: 'zone',
      reason: 'this node has no zone',
    };
    expect(logged([['a'], ['b']], 2)).toEqual([[2, 'Topology hints are ignored', fields]]);
  });

  it('says that a hint is missing to those who want to know all', () => {
    expect(logged([['a'], []], 6)).toEqual([]);
    expect(logged([['a'], []], 7).map(([level]) => level)).toEqual([7]);
  });

  it.each<[string, () => unknown[]]>([
    ['where such lines are not wanted', () => logged([['a']], 1)],
    ['of a Service without hints', () => logged([[], []], 9)],
    ['of a Service that is gone', () => logged([['a']], 9, false)],
  ])('is silent %s', (_name, lines) => {
    expect(lines()).toEqual([]);
  });
});
