import { genericController } from './constants.ts';
import { errno, NetlinkError } from './errors.ts';
import { MalformedMessageError, MessageReader } from './message-reader.ts';
import { MessageWriter } from './message-writer.ts';
import type { Transport } from './transport.ts';

/**
 * The number that the kernel gave to a generic netlink family, e.g. `IPVS`. The lookup makes the kernel load the
 * family's module if it can; unloading and loading the module gives another number. Throws `NetlinkError` with
 * `ENOENT` when there is no such family. `transport` is one of generic netlink.
 */
export async function resolveGenericFamily(transport: Transport, name: string): Promise<number> {
  const writer = new MessageWriter(256);
  writer.begin(genericController.type, 0);
  writer.header4(genericController.getFamily, genericController.version, 0, 0);
  writer.string(genericController.familyName, name);
  writer.end();
  const reply = await transport.request(writer).catch((error: unknown) => {
    throw unknownFamily(name, error);
  });
  return familyId(name, reply);
}

function unknownFamily(name: string, error: unknown): unknown {
  if (!(error instanceof NetlinkError) || error.errno !== errno.ENOENT) return error;
  const module = familyModule.get(name);
  const remedy = module
    ? `the kernel has no ${name}: the module ${module} is missing or may not be loaded; try \`modprobe ${module}\` on the node`
    : `the kernel has no generic netlink family ${name}`;
  return new NetlinkError(`look up generic netlink family ${name}`, errno.ENOENT, remedy, { cause: error });
}

/** Kernel modules of the families that this program uses. */
const familyModule: ReadonlyMap<string, string> = new Map([['IPVS', 'ip_vs']]);

function familyId(name: string, reply: Uint8Array): number {
  const message = new MessageReader(reply);
  while (message.next()) {
    const attributes = message.attributes(genericController.headerBytes);
    while (attributes.next()) {
      if (attributes.type === genericController.familyId) return attributes.u16();
    }
  }
  throw new MalformedMessageError(`netlink: the reply on generic netlink family ${name} has no number`);
}
