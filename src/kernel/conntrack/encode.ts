import type { IpFamily } from '../../model/ip.ts';
import { familyOf } from '../../model/ip.ts';
import { messageFlags } from '../../netlink/constants.ts';
import type { MessageWriter } from '../../netlink/message-writer.ts';
import type { TrackedFlow } from '../drivers.ts';
import { writeIp } from '../ip-attribute.ts';
import { addressFamily, protocolNumber } from '../ip-numbers.ts';
import {
  conntrackMessage,
  filterAttribute,
  filterProtocolNumber,
  flowAttribute,
  ipAttribute,
  protocolAttribute,
  tupleAttribute,
} from './attributes.ts';

/**
 * Appends the request for the UDP flows of a family: a dump. For IPv4 the kernel filters by protocol (since 5.8);
 * IPv6 flows come unfiltered, and so does everything from older kernels: look at the protocol of what comes.
 */
export function encodeListUdpFlows(writer: MessageWriter, family: IpFamily): void {
  writer.begin(conntrackMessage.get, messageFlags.dump);
  writer.header4(addressFamily[family], 0, 0, 0);
  if (family === 'IPv4') writeProtocolFilter(writer);
  writer.end();
}

/**
 * Appends the deletion of the one flow with this original direction. The tuple is always complete: without one the
 * kernel would delete every flow there is.
 */
export function encodeDeleteFlow(writer: MessageWriter, flow: TrackedFlow): void {
  const family = familyOf(flow.originalDestination);
  writer.begin(conntrackMessage.delete, 0);
  writer.header4(addressFamily[family], 0, 0, 0);
  const tuple = writer.openNest(flowAttribute.originalTuple);
  const ip = writer.openNest(tupleAttribute.ip);
  writeIp(writer, ipAttribute.source[family], flow.originalSource);
  writeIp(writer, ipAttribute.destination[family], flow.originalDestination);
  writer.closeNest(ip);
  const protocol = writer.openNest(tupleAttribute.protocol);
  writer.u8(protocolAttribute.number, protocolNumber[flow.protocol]);
  writer.u16Network(protocolAttribute.sourcePort, flow.originalSourcePort);
  writer.u16Network(protocolAttribute.destinationPort, flow.originalDestinationPort);
  writer.closeNest(protocol);
  writer.closeNest(tuple);
  writer.end();
}

function writeProtocolFilter(writer: MessageWriter): void {
  const tuple = writer.openNest(flowAttribute.originalTuple);
  const protocol = writer.openNest(tupleAttribute.protocol);
  writer.u8(protocolAttribute.number, protocolNumber.UDP);
  writer.closeNest(protocol);
  writer.closeNest(tuple);
  const filter = writer.openNest(flowAttribute.filter);
  writer.u32(filterAttribute.originalFlags, filterProtocolNumber);
  writer.closeNest(filter);
}
