import type { IpFamily } from '../../model/ip.ts';
import type { VirtualServer, VirtualServerIdentity } from '../../model/virtual-server.ts';
import { virtualServerFamily, virtualServerKey } from '../../model/virtual-server.ts';
import type { AttributeReader, MessageReader } from '../../netlink/message-reader.ts';
import { MalformedMessageError } from '../../netlink/message-reader.ts';
import type { ListedVirtualServer } from '../drivers.ts';
import { familyOfNumber, protocolOfNumber } from '../ip-numbers.ts';
import { commandAttribute, hashedFlag, ipvsCommand, serviceAttribute } from './attributes.ts';
import { decodeCounters, noTraffic } from './decode-counters.ts';
import { addressOfBytes, replyNest, required } from './reply.ts';

/**
 * The virtual server of the reply that the reader is at; without counters all of them are 0. Undefined for a protocol
 * other than TCP, UDP and SCTP. Throws `MalformedMessageError`.
 */
export function decodeVirtualServer(
  message: MessageReader,
  wanted: WantedFields = 'withCounters',
): ListedVirtualServer | undefined {
  const fields = readFields(replyNest(message, ipvsCommand.newService, commandAttribute.service), wanted);
  const identity = identityOf(fields);
  if (identity === undefined) return undefined;
  const netmask = required(fields.netmask, 'netmask');
  const family = virtualServerFamily(identity);
  const virtualServer: VirtualServer = {
    key: virtualServerKey(identity),
    identity,
    scheduler: required(fields.scheduler, 'scheduler'),
    flags: (required(fields.flags, 'flags') & ~hashedFlag) >>> 0,
    persistenceTimeoutSeconds: required(fields.timeout, 'time-out'),
    persistencePrefixLength: prefixLength(netmask, family),
    persistenceEngine: fields.persistenceEngine,
  };
  const counters = wanted === 'withCounters' ? decodeCounters(fields.statistics, fields.statistics64) : noTraffic;
  return { virtualServer, counters, netmask: family === 'IPv6' ? netmask.host : netmask.network };
}

type WantedFields = 'withCounters' | 'withoutCounters';

interface Fields {
  family?: number;
  protocol?: number;
  address?: Uint8Array;
  port?: number;
  firewallMark?: number;
  scheduler?: string;
  flags?: number;
  timeout?: number;
  /** As the bytes lie in memory, read as a number of the host. */
  netmask?: { readonly host: number; readonly network: number };
  persistenceEngine: string;
  statistics?: AttributeReader;
  statistics64?: AttributeReader;
}

function readFields(attributes: AttributeReader, wanted: WantedFields): Fields {
  const fields: Fields = { persistenceEngine: '' };
  while (attributes.next()) takeField(fields, attributes, wanted);
  return fields;
}

function takeField(fields: Fields, attribute: AttributeReader, wanted: WantedFields): void {
  switch (attribute.type) {
    case serviceAttribute.addressFamily:
      fields.family = attribute.u16();
      break;
    case serviceAttribute.protocol:
      fields.protocol = attribute.u16();
      break;
    case serviceAttribute.address:
      fields.address = attribute.bytes();
      break;
    case serviceAttribute.port:
      fields.port = attribute.u16Network();
      break;
    case serviceAttribute.firewallMark:
      fields.firewallMark = attribute.u32();
      break;
    case serviceAttribute.scheduler:
      fields.scheduler = attribute.string();
      break;
    case serviceAttribute.flags:
      fields.flags = attribute.u32();
      break;
    case serviceAttribute.timeout:
      fields.timeout = attribute.u32();
      break;
    case serviceAttribute.netmask:
      fields.netmask = { host: attribute.u32(), network: attribute.u32Network() };
      break;
    case serviceAttribute.persistenceEngine:
      fields.persistenceEngine = attribute.string();
      break;
    case serviceAttribute.statistics:
      if (wanted === 'withCounters') fields.statistics = attribute.nested();
      break;
    case serviceAttribute.statistics64:
      if (wanted === 'withCounters') fields.statistics64 = attribute.nested();
      break;
  }
}

function identityOf(fields: Fields): VirtualServerIdentity | undefined {
  const number = required(fields.family, 'address family');
  const family = familyOfNumber(number);
  if (family === undefined) throw new MalformedMessageError(`IPVS: address family ${number}`);
  if (fields.firewallMark !== undefined) {
    return { kind: 'firewallMark', firewallMark: fields.firewallMark, family };
  }
  const protocol = protocolOfNumber(required(fields.protocol, 'protocol'));
  const address = addressOfBytes(required(fields.address, 'address'), number);
  const port = required(fields.port, 'port');
  return protocol === undefined ? undefined : { kind: 'address', address, port, protocol };
}

/** For IPv4 the number of leading ones; a mask with holes in it has no prefix length and reads as those. */
function prefixLength(netmask: { readonly host: number; readonly network: number }, family: IpFamily): number {
  return family === 'IPv6' ? netmask.host : Math.clz32(~netmask.network);
}
