import type { ClusterTables } from '../../cluster/tables.ts';
import { parseIp } from '../../model/ip.ts';
import { type Protocol, serviceKey, type ServiceKey } from '../../model/service-key.ts';
import { type DrainingLine, type StatusLine, servicesPath, statusProtocol } from '../../model/status-protocol.ts';
import { virtualServerKey } from '../../model/virtual-server.ts';
import { type HolderOf, serviceLine } from './service-line.ts';

/** What answers are made of. */
export interface StatusSource {
  readonly nodeName: string;
  /** Version of this program. */
  readonly program: string;
  readonly tables: Pick<ClusterTables, 'inSync' | 'service' | 'slicesOf' | 'serviceKeys'>;
  readonly holderOf: HolderOf;
  /** What drains right now. */
  readonly draining: () => Iterable<DrainingLine>;
}

/** An answer: lines that are made while they are sent, or a refusal in one sentence. */
export type StatusAnswer =
  | { readonly status: 200; readonly lines: Iterable<StatusLine> }
  | { readonly status: 400 | 404 | 405; readonly problem: string };

const protocols: readonly Protocol[] = ['TCP', 'UDP', 'SCTP'];
const knownParameters = new Set(['namespace', 'service', 'address']);

/** Answers a request; `target` is its path with the query. Nothing is walked before the lines are asked for. */
export function answerStatus(source: StatusSource, method: string, target: string): StatusAnswer {
  const [path = '', ...rest] = target.split('?');
  if (path !== servicesPath) {
    return { status: 404, problem: `${path} is not known here; protocol ${statusProtocol} is ${servicesPath}` };
  }
  if (method !== 'GET') return { status: 405, problem: `${method} is not allowed: this socket only tells` };
  const query = new URLSearchParams(rest.join('?'));
  const unknown = [...query.keys()].find((name) => !knownParameters.has(name));
  if (unknown !== undefined) return { status: 400, problem: `unknown parameter ${JSON.stringify(unknown)}` };
  const service = query.get('service') ?? '';
  if (service !== '' && !/^[^/]+\/[^/]+$/.test(service)) {
    return { status: 400, problem: `service ${JSON.stringify(service)} is not namespace/name` };
  }
  const address = query.get('address') ?? '';
  const holders = address === '' ? undefined : holdersAt(address, source.holderOf);
  if (address !== '' && holders === undefined) {
    return { status: 400, problem: `address ${JSON.stringify(address)} is not IP:PORT` };
  }
  const keys = holders ?? keysOf(source, service);
  return { status: 200, lines: statusLines(source, keys, query.get('namespace') ?? '', service) };
}

/** Who has a virtual server there, of any protocol; undefined where that is no address with a port. */
function holdersAt(text: string, holderOf: HolderOf): readonly ServiceKey[] | undefined {
  const [, bracketed, plain = '', port] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? [];
  const address = parseIp(bracketed ?? plain);
  if (address === undefined) return undefined;
  const keys = protocols.map((protocol) =>
    holderOf(virtualServerKey({ kind: 'address', protocol, address, port: Number(port) })),
  );
  return [...new Set(keys)].filter((key) => key !== undefined);
}

function* statusLines(
  source: StatusSource,
  keys: Iterable<ServiceKey>,
  namespace: string,
  name: string,
): Generator<StatusLine> {
  const { tables, nodeName: node, program } = source;
  yield { kind: 'node', protocol: statusProtocol, program, node, inSync: tables.inSync };
  let services = 0;
  for (const key of keys) {
    const service = tables.service(key);
    if (service === undefined || (namespace !== '' && service.namespace !== namespace)) continue;
    if (name !== '' && name !== key) continue;
    services += 1;
    yield serviceLine(service, tables.slicesOf(key), source.holderOf);
  }
  yield* source.draining();
  yield { kind: 'end', services };
}

/** One that is named is not looked for among all others. */
function keysOf({ tables }: StatusSource, service: string): Iterable<ServiceKey> {
  const [namespace = '', name = ''] = service.split('/');
  return service === '' ? tables.serviceKeys() : [serviceKey(namespace, name)];
}
