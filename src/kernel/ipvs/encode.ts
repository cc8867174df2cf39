import type { IpAddress } from '../../model/ip.ts';
import { addressBits, familyOf, ipBytes } from '../../model/ip.ts';
import type { IpvsOperation } from '../../model/operation.ts';
import type { RealServer } from '../../model/real-server.ts';
import type { VirtualServer, VirtualServerIdentity } from '../../model/virtual-server.ts';
import { virtualServerFamily } from '../../model/virtual-server.ts';
import { messageFlags } from '../../netlink/constants.ts';
import type { MessageWriter } from '../../netlink/message-writer.ts';
import type { IpvsTimeouts } from '../drivers.ts';
import { addressFamily, protocolNumber } from '../ip-numbers.ts';
import {
  commandAttribute,
  destinationAttribute,
  forwardingMethods,
  ipvsCommand,
  ipvsFamilyVersion,
  serviceAttribute,
  tunnelTypes,
} from './attributes.ts';

const allFlags = 0xffff_ffff;

/**
 * Appends the message for one operation. `family` is the number of the generic netlink family at present. The
 * attributes come in the order that ipvsadm 1.31 uses; of a virtual server only what the command needs is sent.
 */
export function encodeOperation(writer: MessageWriter, family: number, operation: IpvsOperation): void {
  switch (operation.kind) {
    case 'addVirtualServer':
      return writeService(writer, family, ipvsCommand.newService, operation.virtualServer);
    case 'setVirtualServer':
      return writeService(writer, family, ipvsCommand.setService, operation.virtualServer);
    case 'deleteVirtualServer':
      return writeServiceKey(writer, family, ipvsCommand.deleteService, 0, operation.virtualServer.identity);
    case 'addRealServer':
      return writeDestination(writer, family, ipvsCommand.newDestination, operation);
    case 'setRealServer':
      return writeDestination(writer, family, ipvsCommand.setDestination, operation);
    case 'deleteRealServer':
      return writeDestinationKey(writer, family, operation);
  }
}

/** Appends the request for all virtual servers: a dump. */
export function encodeListVirtualServers(writer: MessageWriter, family: number): void {
  writeBare(writer, family, ipvsCommand.getService, messageFlags.dump);
}

/** Appends the request for one virtual server. */
export function encodeGetVirtualServer(writer: MessageWriter, family: number, identity: VirtualServerIdentity): void {
  writeServiceKey(writer, family, ipvsCommand.getService, 0, identity);
}

/** Appends the request for the synchronization daemons: a dump. */
export function encodeGetDaemons(writer: MessageWriter, family: number): void {
  writeBare(writer, family, ipvsCommand.getDaemon, messageFlags.dump);
}

/** Appends the request for the real servers of one virtual server: a dump whose replies do not name the latter. */
export function encodeListRealServers(writer: MessageWriter, family: number, identity: VirtualServerIdentity): void {
  writeServiceKey(writer, family, ipvsCommand.getDestination, messageFlags.dump, identity);
}

/** Appends the request for the three connection time-outs. */
export function encodeGetTimeouts(writer: MessageWriter, family: number): void {
  writeBare(writer, family, ipvsCommand.getConfig, 0);
}

/** Appends the change of the three connection time-outs; 0 leaves that one as it is. */
export function encodeSetTimeouts(writer: MessageWriter, family: number, timeouts: IpvsTimeouts): void {
  beginCommand(writer, family, ipvsCommand.setConfig, 0);
  writer.u32(commandAttribute.timeoutTcp, timeouts.tcpSeconds);
  writer.u32(commandAttribute.timeoutTcpFin, timeouts.tcpFinSeconds);
  writer.u32(commandAttribute.timeoutUdp, timeouts.udpSeconds);
  writer.end();
}

/** Appends the request for the IPVS version and the size of the connection table. */
export function encodeGetInfo(writer: MessageWriter, family: number): void {
  writeBare(writer, family, ipvsCommand.getInfo, 0);
}

/** Appends the removal of every virtual server of the namespace. */
export function encodeFlush(writer: MessageWriter, family: number): void {
  writeBare(writer, family, ipvsCommand.flush, 0);
}

/** Appends the reset of the counters of one virtual server and its real servers, or of everything. */
export function encodeZero(writer: MessageWriter, family: number, identity?: VirtualServerIdentity): void {
  if (identity === undefined) writeBare(writer, family, ipvsCommand.zero, 0);
  else writeServiceKey(writer, family, ipvsCommand.zero, 0, identity);
}

function writeService(writer: MessageWriter, family: number, command: number, virtualServer: VirtualServer): void {
  beginCommand(writer, family, command, 0);
  const nest = writer.openNest(commandAttribute.service);
  writeIdentity(writer, virtualServer.identity);
  writer.string(serviceAttribute.scheduler, virtualServer.scheduler);
  if (virtualServer.persistenceEngine !== '') {
    writer.string(serviceAttribute.persistenceEngine, virtualServer.persistenceEngine);
  }
  writer.u32Pair(serviceAttribute.flags, virtualServer.flags, allFlags);
  writer.u32(serviceAttribute.timeout, virtualServer.persistenceTimeoutSeconds);
  writeNetmask(writer, virtualServer);
  writer.closeNest(nest);
  writer.end();
}

function writeServiceKey(
  writer: MessageWriter,
  family: number,
  command: number,
  flags: number,
  identity: VirtualServerIdentity,
): void {
  beginCommand(writer, family, command, flags);
  const nest = writer.openNest(commandAttribute.service);
  writeIdentity(writer, identity);
  writer.closeNest(nest);
  writer.end();
}

type RealServerOperation = Extract<IpvsOperation, { readonly realServer: RealServer }>;

function writeDestination(
  writer: MessageWriter,
  family: number,
  command: number,
  { virtualServer, realServer }: RealServerOperation,
): void {
  const nest = beginDestination(writer, family, command, virtualServer.identity, realServer);
  writer.u32(destinationAttribute.forwarding, forwardingMethods.indexOf(realServer.forwarding));
  writer.u32(destinationAttribute.weight, realServer.weight);
  if (realServer.forwarding === 'tunnel' && realServer.tunnel !== undefined) {
    writer.u8(destinationAttribute.tunnelType, tunnelTypes.indexOf(realServer.tunnel.type));
    writer.u16Network(destinationAttribute.tunnelPort, realServer.tunnel.port);
    writer.u16(destinationAttribute.tunnelFlags, realServer.tunnel.flags);
  }
  writer.u32(destinationAttribute.upperThreshold, realServer.upperThreshold);
  writer.u32(destinationAttribute.lowerThreshold, realServer.lowerThreshold);
  writer.closeNest(nest);
  writer.end();
}

function writeDestinationKey(
  writer: MessageWriter,
  family: number,
  { virtualServer, realServer }: RealServerOperation,
): void {
  const nest = beginDestination(writer, family, ipvsCommand.deleteDestination, virtualServer.identity, realServer);
  writer.closeNest(nest);
  writer.end();
}

/** Writes up to the real server's port; returns the mark of the open nest. */
function beginDestination(
  writer: MessageWriter,
  family: number,
  command: number,
  identity: VirtualServerIdentity,
  realServer: RealServer,
): number {
  beginCommand(writer, family, command, 0);
  const service = writer.openNest(commandAttribute.service);
  writeIdentity(writer, identity);
  writer.closeNest(service);
  const nest = writer.openNest(commandAttribute.destination);
  writer.u16(destinationAttribute.addressFamily, addressFamily[familyOf(realServer.address)]);
  writeAddress(writer, destinationAttribute.address, realServer.address);
  writer.u16Network(destinationAttribute.port, realServer.port);
  return nest;
}

function writeIdentity(writer: MessageWriter, identity: VirtualServerIdentity): void {
  writer.u16(serviceAttribute.addressFamily, addressFamily[virtualServerFamily(identity)]);
  if (identity.kind === 'firewallMark') {
    writer.u32(serviceAttribute.firewallMark, identity.firewallMark);
    return;
  }
  writer.u16(serviceAttribute.protocol, protocolNumber[identity.protocol]);
  writeAddress(writer, serviceAttribute.address, identity.address);
  writer.u16Network(serviceAttribute.port, identity.port);
}

function writeAddress(writer: MessageWriter, attribute: number, address: IpAddress): void {
  if (familyOf(address) === 'IPv4') writer.ipv4(attribute, address, 16);
  else writer.raw(attribute, ipBytes(address), 16);
}

function writeNetmask(writer: MessageWriter, virtualServer: VirtualServer): void {
  const length = virtualServer.persistencePrefixLength;
  const bits = addressBits(virtualServerFamily(virtualServer.identity));
  if (bits === 128) writer.u32(serviceAttribute.netmask, length);
  else writer.u32Network(serviceAttribute.netmask, ipv4Mask(length));
}

/** The mask of an IPv4 prefix length, 0 to 32. */
function ipv4Mask(length: number): number {
  return length === 0 ? 0 : (allFlags << (32 - length)) >>> 0;
}

function writeBare(writer: MessageWriter, family: number, command: number, flags: number): void {
  beginCommand(writer, family, command, flags);
  writer.end();
}

function beginCommand(writer: MessageWriter, family: number, command: number, flags: number): void {
  writer.begin(family, flags);
  writer.header4(command, ipvsFamilyVersion, 0, 0);
}
