import type { AttributeReader } from '../../netlink/message-reader.ts';
import { MalformedMessageError, MessageReader } from '../../netlink/message-reader.ts';
import type { SyncDaemon } from '../drivers.ts';
import { addressFamily } from '../ip-numbers.ts';
import { commandAttribute, daemonAttribute, daemonRoles, ipvsCommand } from './attributes.ts';
import { addressOfBytes, replyNest, required } from './reply.ts';

/** The synchronization daemons of a listing. Throws `MalformedMessageError`. */
export function decodeDaemons(replies: Uint8Array): readonly SyncDaemon[] {
  const reader = new MessageReader(replies);
  const daemons: SyncDaemon[] = [];
  while (reader.next()) daemons.push(decodeDaemon(replyNest(reader, ipvsCommand.newDaemon, commandAttribute.daemon)));
  return daemons;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function decodeDaemon(attributes: AttributeReader): SyncDaemon {
  const fields: Mutable<Partial<SyncDaemon>> = {};
  while (attributes.next()) takeField(fields, attributes);
  return {
    role: required(fields.role, 'role of the daemon'),
    interfaceName: required(fields.interfaceName, 'interface of the daemon'),
    syncId: required(fields.syncId, 'synchronization id'),
    maximumLength: fields.maximumLength ?? 0,
    group: fields.group,
    port: fields.port ?? 0,
    ttl: fields.ttl ?? 0,
  };
}

function takeField(fields: Mutable<Partial<SyncDaemon>>, attribute: AttributeReader): void {
  switch (attribute.type) {
    case daemonAttribute.role:
      fields.role = roleOf(attribute.u32());
      break;
    case daemonAttribute.interfaceName:
      fields.interfaceName = attribute.string();
      break;
    case daemonAttribute.syncId:
      fields.syncId = attribute.u32();
      break;
    case daemonAttribute.maximumLength:
      fields.maximumLength = attribute.u16();
      break;
    case daemonAttribute.group:
      fields.group = addressOfBytes(attribute.bytes(), addressFamily.IPv4);
      break;
    case daemonAttribute.group6:
      fields.group = addressOfBytes(attribute.bytes(), addressFamily.IPv6);
      break;
    case daemonAttribute.port:
      fields.port = attribute.u16();
      break;
    case daemonAttribute.ttl:
      fields.ttl = attribute.u8();
      break;
  }
}

function roleOf(number: number): SyncDaemon['role'] {
  const role = daemonRoles[number];
  if (role === undefined) throw new MalformedMessageError(`IPVS: daemon in state ${number}`);
  return role;
}
