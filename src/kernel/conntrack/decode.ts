import type { IpAddress } from '../../model/ip.ts';
import type { AttributeReader, MessageReader } from '../../netlink/message-reader.ts';
import { MalformedMessageError } from '../../netlink/message-reader.ts';
import type { TrackedFlow } from '../drivers.ts';
import { readIp } from '../ip-attribute.ts';
import { protocolNumber } from '../ip-numbers.ts';
import {
  conntrackMessage,
  flowAttribute,
  ipAttribute,
  netfilterHeaderBytes,
  protocolAttribute,
  tupleAttribute,
} from './attributes.ts';

/**
 * The UDP flow of the reply that the reader is at. `otherZone` for one in a zone other than 0: those belong to a virtual
 * switch, and a tuple without its zone does not name them. Throws `MalformedMessageError`.
 */
export function decodeUdpFlow(message: MessageReader): TrackedFlow | 'otherProtocol' | 'otherZone' {
  const attributes = message.attributes(netfilterHeaderBytes);
  if (message.type !== conntrackMessage.new) {
    throw new MalformedMessageError(`conntrack: reply of type ${message.type} is not a flow`);
  }
  let original: Tuple | undefined;
  let reply: Tuple | undefined;
  let id: number | undefined;
  while (attributes.next()) {
    if (attributes.type === flowAttribute.originalTuple) {
      // Most flows are TCP: those are left out before any address is turned into text.
      if (protocolOf(attributes.nested()) !== protocolNumber.UDP) return 'otherProtocol';
      original = readTuple(attributes.nested());
    } else if (attributes.type === flowAttribute.replyTuple) {
      reply = readTuple(attributes.nested());
    } else if (attributes.type === flowAttribute.zone && attributes.u16Network() !== 0) {
      return 'otherZone';
    } else if (attributes.type === flowAttribute.id) {
      id = attributes.u32Network();
    }
  }
  return { ...flowOf(original, reply), ...(id === undefined ? {} : { id }) };
}

/** One direction of a flow. */
interface Tuple {
  source?: IpAddress;
  destination?: IpAddress;
  sourcePort?: number;
  destinationPort?: number;
}

function protocolOf(tuple: AttributeReader): number | undefined {
  while (tuple.next()) {
    if (tuple.type !== tupleAttribute.protocol) continue;
    const attribute = tuple.nested();
    while (attribute.next()) {
      if (attribute.type === protocolAttribute.number) return attribute.u8();
    }
  }
  throw new MalformedMessageError('conntrack: flow without protocol');
}

function readTuple(attributes: AttributeReader): Tuple {
  const tuple: Tuple = {};
  while (attributes.next()) {
    if (attributes.type === tupleAttribute.ip) readAddresses(tuple, attributes.nested());
    else if (attributes.type === tupleAttribute.protocol) readPorts(tuple, attributes.nested());
  }
  return tuple;
}

function readAddresses(tuple: Tuple, attribute: AttributeReader): void {
  const { source, destination } = ipAttribute;
  while (attribute.next()) {
    const { type } = attribute;
    if (type === source.IPv4 || type === source.IPv6) tuple.source = readIp(attribute);
    else if (type === destination.IPv4 || type === destination.IPv6) tuple.destination = readIp(attribute);
  }
}

function readPorts(tuple: Tuple, attribute: AttributeReader): void {
  while (attribute.next()) {
    if (attribute.type === protocolAttribute.sourcePort) tuple.sourcePort = attribute.u16Network();
    else if (attribute.type === protocolAttribute.destinationPort) tuple.destinationPort = attribute.u16Network();
  }
}

function flowOf(original: Tuple | undefined, reply: Tuple | undefined): TrackedFlow {
  return {
    protocol: 'UDP',
    originalSource: required(original?.source, 'source'),
    originalSourcePort: required(original?.sourcePort, 'source port'),
    originalDestination: required(original?.destination, 'destination'),
    originalDestinationPort: required(original?.destinationPort, 'destination port'),
    replySource: required(reply?.source, 'reply source'),
    replySourcePort: required(reply?.sourcePort, 'reply source port'),
  };
}

function required<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new MalformedMessageError(`conntrack: UDP flow without ${name}`);
  return value;
}
