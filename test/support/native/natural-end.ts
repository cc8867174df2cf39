// Has a monitor open and nothing to do: the process ends by itself, after the one call under way.
import { loadNetlinkAddon } from '../../../src/native/addon.ts';
import { netlinkProtocol } from '../../../src/netlink/constants.ts';
import { MessageWriter } from '../../../src/netlink/message-writer.ts';
import { noReply } from '../route-messages.ts';

const addon = loadNetlinkAddon();
addon.monitor({ protocol: netlinkProtocol.route, groups: [1] }, () => undefined);
const socket = addon.open({ protocol: netlinkProtocol.route });
const writer = new MessageWriter();
noReply(writer);
void addon.dumpMany(socket, writer.bytes, 100).then((result) => console.log(result.errno));
