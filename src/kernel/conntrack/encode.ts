import type { IpAddress, IpFamily } from '../../model/ip.ts';
import { familyOf } from '../../model/ip.ts';
import { messageFlags } from '../../netlink/constants.ts';
import type { MessageWriter } from '../../netlink/message-writer.ts';
import type { TrackedFlow } from '../drivers.ts';
import { writeIp } from '../ip-attribute.ts';
import { addressFamily, protocolNumber } from '../ip-numbers.ts';
import type { FlowFilter } from './flow-filter.ts';
import {
  conntrackMessage,
  filterAttribute,
  filterFlag,
  flowAttribute,
  ipAttribute,
  protocolAttribute,
  tupleAttribute,
} from './attributes.ts';

/**
 * Appends the request for the UDP flows of a family: a dump. Without a filter the flows of all protocols come, and with
 * one from kernels before 5.8 too, which ignore it: look at what comes.
 */
export function encodeListUdpFlows(writer: MessageWriter, family: IpFamily, filter: FlowFilter | undefined): void {
  writer.begin(conntrackMessage.get, messageFlags.dump);
  writer.header4(addressFamily[family], 0, 0, 0);
  if (filter !== undefined) writeFilter(writer, family, filter);
  writer.end();
}

/**
 * Appends the deletion of the one flow with this original direction and, where it is known, this identity. The tuple is always complete: without one the
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
  if (flow.id !== undefined) writer.u32Network(flowAttribute.id, flow.id);
  writer.end();
}

function writeFilter(writer: MessageWriter, family: IpFamily, filter: FlowFilter): void {
  const originalFlags = writePartOfTuple(writer, flowAttribute.originalTuple, {
    address: { type: ipAttribute.destination[family], value: filter.destination, flag: filterFlag.destinationAddress },
    port: { type: protocolAttribute.destinationPort, value: filter.destinationPort, flag: filterFlag.destinationPort },
  });
  const replyFlags = writePartOfTuple(writer, flowAttribute.replyTuple, {
    address: { type: ipAttribute.source[family], value: filter.replySource, flag: filterFlag.sourceAddress },
    port: { type: protocolAttribute.sourcePort, value: filter.replySourcePort, flag: filterFlag.sourcePort },
  });
  const nest = writer.openNest(flowAttribute.filter);
  writer.u32(filterAttribute.originalFlags, originalFlags);
  writer.u32(filterAttribute.replyFlags, replyFlags);
  writer.closeNest(nest);
}

/** A field of a tuple; one without value does not count. */
interface Field<Value> {
  readonly type: number;
  readonly value: Value | undefined;
  readonly flag: number;
}

/** Appends those fields of a tuple that count, the protocol always; returns their flags. */
function writePartOfTuple(
  writer: MessageWriter,
  type: number,
  { address, port }: { readonly address: Field<IpAddress>; readonly port: Field<number> },
): number {
  let flags: number = filterFlag.protocolNumber;
  const tuple = writer.openNest(type);
  if (address.value !== undefined) {
    const ip = writer.openNest(tupleAttribute.ip);
    writeIp(writer, address.type, address.value);
    writer.closeNest(ip);
    flags |= address.flag;
  }
  const protocol = writer.openNest(tupleAttribute.protocol);
  writer.u8(protocolAttribute.number, protocolNumber.UDP);
  if (port.value !== undefined) {
    writer.u16Network(port.type, port.value);
    flags |= port.flag;
  }
  writer.closeNest(protocol);
  writer.closeNest(tuple);
  return flags;
}
