// A monitor whose listener throws at every event. Prints what reaches uncaughtException, then ends.
import { execFileSync } from 'node:child_process';
import { loadNetlinkAddon } from '../../../src/native/addon.ts';
import { netlinkProtocol, routeGroup } from '../../../src/netlink/constants.ts';

const addon = loadNetlinkAddon();
const changeAddress = (verb: string) => execFileSync('ip', ['address', verb, '127.77.0.1/32', 'dev', 'lo']);
let caught = 0;
let heard = 0;

process.on('uncaughtException', (error) => {
  console.log(error.message);
  caught++;
  if (caught === 1) changeAddress('del');
  else process.exit(0);
});
addon.monitor({ protocol: netlinkProtocol.route, groups: [routeGroup.ipv4Address] }, () => {
  heard++;
  throw new Error(`event ${heard}`);
});
changeAddress('add');
setTimeout(() => process.exit(1), 10_000);
