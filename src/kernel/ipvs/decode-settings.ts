import type { MessageReader } from '../../netlink/message-reader.ts';
import type { IpvsTimeouts } from '../drivers.ts';
import { commandAttribute, infoAttribute, ipvsCommand } from './attributes.ts';
import { replyAttributes, required } from './reply.ts';

/** What the kernel says about its IPVS. */
export interface IpvsInfo {
  /** Version in three parts, e.g. `1.2.1`. */
  readonly version: string;
  /** Number of buckets of the connection table. */
  readonly connectionTableSize: number;
}

/** The reply to the request for time-outs. Throws `MalformedMessageError`. */
export function decodeTimeouts(message: MessageReader): IpvsTimeouts {
  const values = readNumbers(message, ipvsCommand.setConfig);
  return {
    tcpSeconds: required(values.get(commandAttribute.timeoutTcp), 'TCP time-out'),
    tcpFinSeconds: required(values.get(commandAttribute.timeoutTcpFin), 'TCP FIN time-out'),
    udpSeconds: required(values.get(commandAttribute.timeoutUdp), 'UDP time-out'),
  };
}

/** The reply to the request for information. Throws `MalformedMessageError`. */
export function decodeInfo(message: MessageReader): IpvsInfo {
  const values = readNumbers(message, ipvsCommand.setInfo);
  const version = required(values.get(infoAttribute.version), 'version');
  return {
    version: `${(version >> 16) & 0xff}.${(version >> 8) & 0xff}.${version & 0xff}`,
    connectionTableSize: required(values.get(infoAttribute.connectionTableSize), 'connection table size'),
  };
}

/** All attributes of both replies that matter are u32. */
function readNumbers(message: MessageReader, command: number): ReadonlyMap<number, number> {
  const values = new Map<number, number>();
  const attributes = replyAttributes(message, command);
  while (attributes.next()) {
    if (attributes.length === 4) values.set(attributes.type, attributes.u32());
  }
  return values;
}
