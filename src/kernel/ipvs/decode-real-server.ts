import type { IpFamily } from '../../model/ip.ts';
import type { ForwardingMethod, ObservedRealServer, Tunnel } from '../../model/real-server.ts';
import { realServerKey } from '../../model/real-server.ts';
import type { AttributeReader, MessageReader } from '../../netlink/message-reader.ts';
import { addressFamily } from '../ip-numbers.ts';
import { commandAttribute, destinationAttribute, forwardingMethods, ipvsCommand, tunnelTypes } from './attributes.ts';
import { decodeCounters } from './decode-counters.ts';
import { addressOfBytes, replyNest, required } from './reply.ts';

/** The three bits of a connection's flags that hold the forwarding method (`IP_VS_CONN_F_FWD_MASK`). */
const forwardingMask = 0x7;

/**
 * The real server of the reply that the reader is at. The reply does not name the virtual server; `family` is that of
 * the latter, for kernels that leave out the real server's own. An unknown forwarding number reads as `bypass`, which
 * differs from what anyone wants and so gets repaired. Throws `MalformedMessageError`.
 */
export function decodeRealServer(message: MessageReader, family: IpFamily): ObservedRealServer {
  const fields = readFields(replyNest(message, ipvsCommand.newDestination, commandAttribute.destination));
  const address = addressOfBytes(required(fields.address, 'address'), fields.family || addressFamily[family]);
  const port = required(fields.port, 'port');
  const forwarding = forwardingMethod(required(fields.forwarding, 'forwarding method'));
  return {
    key: realServerKey(address, port),
    address,
    port,
    forwarding,
    weight: required(fields.weight, 'weight'),
    upperThreshold: required(fields.upperThreshold, 'upper threshold'),
    lowerThreshold: required(fields.lowerThreshold, 'lower threshold'),
    ...(forwarding === 'tunnel' ? { tunnel: tunnelOf(fields) } : {}),
    activeConnections: fields.activeConnections,
    inactiveConnections: fields.inactiveConnections,
    persistentConnections: fields.persistentConnections,
    counters: decodeCounters(fields.statistics, fields.statistics64),
  };
}

interface Fields {
  family: number;
  address?: Uint8Array;
  port?: number;
  forwarding?: number;
  weight?: number;
  upperThreshold?: number;
  lowerThreshold?: number;
  activeConnections: number;
  inactiveConnections: number;
  persistentConnections: number;
  tunnelType: number;
  tunnelPort: number;
  tunnelFlags: number;
  statistics?: AttributeReader;
  statistics64?: AttributeReader;
}

function readFields(attributes: AttributeReader): Fields {
  const fields: Fields = {
    family: 0,
    activeConnections: 0,
    inactiveConnections: 0,
    persistentConnections: 0,
    tunnelType: 0,
    tunnelPort: 0,
    tunnelFlags: 0,
  };
  while (attributes.next()) takeField(fields, attributes);
  return fields;
}

function takeField(fields: Fields, attribute: AttributeReader): void {
  switch (attribute.type) {
    case destinationAttribute.addressFamily:
      fields.family = attribute.u16();
      break;
    case destinationAttribute.address:
      fields.address = attribute.bytes();
      break;
    case destinationAttribute.port:
      fields.port = attribute.u16Network();
      break;
    case destinationAttribute.forwarding:
      fields.forwarding = attribute.u32();
      break;
    case destinationAttribute.weight:
      fields.weight = attribute.u32();
      break;
    case destinationAttribute.upperThreshold:
      fields.upperThreshold = attribute.u32();
      break;
    case destinationAttribute.lowerThreshold:
      fields.lowerThreshold = attribute.u32();
      break;
    case destinationAttribute.activeConnections:
      fields.activeConnections = attribute.u32();
      break;
    case destinationAttribute.inactiveConnections:
      fields.inactiveConnections = attribute.u32();
      break;
    case destinationAttribute.persistentConnections:
      fields.persistentConnections = attribute.u32();
      break;
    case destinationAttribute.tunnelType:
      fields.tunnelType = attribute.u8();
      break;
    case destinationAttribute.tunnelPort:
      fields.tunnelPort = attribute.u16Network();
      break;
    case destinationAttribute.tunnelFlags:
      fields.tunnelFlags = attribute.u16();
      break;
    case destinationAttribute.statistics:
      fields.statistics = attribute.nested();
      break;
    case destinationAttribute.statistics64:
      fields.statistics64 = attribute.nested();
      break;
  }
}

function forwardingMethod(number: number): ForwardingMethod {
  return forwardingMethods[number & forwardingMask] ?? 'bypass';
}

function tunnelOf(fields: Fields): Tunnel {
  const type = tunnelTypes[fields.tunnelType] ?? 'ipip';
  return { type, port: fields.tunnelPort, flags: fields.tunnelFlags };
}
