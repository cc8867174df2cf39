import { type IpAddress, parseIp } from '../../model/ip.ts';
import type { Protocol } from '../../model/service-key.ts';
import { ToolUsageError } from '../tool-syntax.ts';

/** What is to be explained. */
export type ExplainTarget =
  | { readonly kind: 'service'; readonly namespace: string; readonly name: string }
  | {
      readonly kind: 'address';
      readonly address: IpAddress;
      readonly port: number;
      /** Absent where it was not said. */
      readonly protocol?: Protocol;
    };

const servicePattern = /^(?:(?:svc|service|services)\/)?(?!(?:svc|service|services)\/)([a-z0-9-]+)\/([a-z0-9.-]+)$/;
const addressPattern = /^(?:\[([^\]]+)\]|([^:/[\]]+)):(\d+)(?:\/(tcp|udp|sctp))?$/i;

/** Reads `svc/NAMESPACE/NAME`, `NAMESPACE/NAME` or `IP:PORT[/PROTOCOL]`. Throws `ToolUsageError`. Pure. */
export function parseTarget(text: string): ExplainTarget {
  const [, namespace, name] = servicePattern.exec(text) ?? [];
  if (namespace !== undefined && name !== undefined) return { kind: 'service', namespace, name };
  const [whole, bracketed, plain = '', port, protocol] = addressPattern.exec(text) ?? [];
  const address = parseIp(bracketed ?? plain);
  const number = Number(port);
  if (whole === undefined || address === undefined || number < 1 || number > 65_535) {
    throw new ToolUsageError(`${JSON.stringify(text)} is neither svc/NAMESPACE/NAME nor IP:PORT[/PROTOCOL]`);
  }
  const read = { kind: 'address', address, port: number } as const;
  return protocol === undefined ? read : { ...read, protocol: protocol.toUpperCase() as Protocol };
}
