import type { IpAddress, IpFamily } from '../../model/ip.ts';
import type { VirtualServer, VirtualServerIdentity } from '../../model/virtual-server.ts';
import { virtualServerFamily, virtualServerKey } from '../../model/virtual-server.ts';
import type { AttributeReader, MessageReader } from '../../netlink/message-reader.ts';
import { MalformedMessageError } from '../../netlink/message-reader.ts';
import type { ListedVirtualServer } from '../drivers.ts';
import { addressFamily, familyOfNumber, protocolOfNumber } from '../ip-numbers.ts';
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
  const hostNetmask = required(fields.hostNetmask, 'netmask');
  const networkNetmask = required(fields.networkNetmask, 'netmask');
  const family = virtualServerFamily(identity);
  const virtualServer: VirtualServer = {
    key: virtualServerKey(identity),
    identity,
    scheduler: required(fields.scheduler, 'scheduler'),
    flags: (required(fields.flags, 'flags') & ~hashedFlag) >>> 0,
    persistenceTimeoutSeconds: required(fields.timeout, 'time-out'),
    persistencePrefixLength: prefixLength(hostNetmask, networkNetmask, family),
    persistenceEngine: fields.persistenceEngine,
  };
  const counters = wanted === 'withCounters' ? decodeCounters(fields.statistics, fields.statistics64) : noTraffic;
  return { virtualServer, counters, netmask: family === 'IPv6' ? hostNetmask : networkNetmask };
}

type WantedFields = 'withCounters' | 'withoutCounters';

/** All of them are there from the beginning: an object that grows leaves garbage behind. */
interface Fields {
  family: number | undefined;
  protocol: number | undefined;
  /** Over IPv4 as a number. */
  address: number | Uint8Array | undefined;
  port: number | undefined;
  firewallMark: number | undefined;
  scheduler: string | undefined;
  flags: number | undefined;
  timeout: number | undefined;
  /** As the bytes lie in memory, read as a number of the host and as one of the network. */
  hostNetmask: number | undefined;
  networkNetmask: number | undefined;
  persistenceEngine: string;
  statistics: AttributeReader | undefined;
  statistics64: AttributeReader | undefined;
}

function noFields(): Fields {
  return {
    family: undefined,
    protocol: undefined,
    address: undefined,
    port: undefined,
    firewallMark: undefined,
    scheduler: undefined,
    flags: undefined,
    timeout: undefined,
    hostNetmask: undefined,
    networkNetmask: undefined,
    persistenceEngine: '',
    statistics: undefined,
    statistics64: undefined,
  };
}

function readFields(attributes: AttributeReader, wanted: WantedFields): Fields {
  const fields = noFields();
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
      fields.address = fields.family === addressFamily.IPv4 ? attribute.u32Network() : attribute.bytes();
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
      fields.hostNetmask = attribute.u32();
      fields.networkNetmask = attribute.u32Network();
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
  const address = addressOf(required(fields.address, 'address'), number);
  const port = required(fields.port, 'port');
  return protocol === undefined ? undefined : { kind: 'address', address, port, protocol };
}

function addressOf(address: number | Uint8Array, family: number): IpAddress {
  if (typeof address !== 'number') return addressOfBytes(address, family);
  const text = `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
  return text as IpAddress; // canonical: decimal without zeros in front
}

/** For IPv4 the number of leading ones; a mask with holes in it has no prefix length and reads as those. */
function prefixLength(host: number, network: number, family: IpFamily): number {
  return family === 'IPv6' ? host : Math.clz32(~network);
}
