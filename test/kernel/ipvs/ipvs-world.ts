import { afterAll, beforeEach } from '@jest/globals';
import { ipvsFamilyName } from '../../../src/kernel/ipvs/attributes.ts';
import type { IpvsKernelDriver } from '../../../src/kernel/ipvs/driver.ts';
import { createIpvsDriver } from '../../../src/kernel/ipvs/driver.ts';
import type { IpvsOperation } from '../../../src/model/operation.ts';
import { loadNetlinkAddon } from '../../../src/native/addon.ts';
import { openAddonTransport } from '../../../src/netlink/connection.ts';
import { netlinkProtocol } from '../../../src/netlink/constants.ts';
import { resolveGenericFamily } from '../../../src/netlink/generic-family.ts';
import type { Transport } from '../../../src/netlink/transport.ts';
import { Shell } from '../../support/shell.ts';

/** A driver of the lab's IPVS, whose table is empty at the start of every test and when the file is done. */
export interface IpvsWorld {
  readonly driver: IpvsKernelDriver;
  readonly transport: Transport;
  /** Applies the operations and fails when the kernel refuses one. */
  readonly apply: (...operations: readonly IpvsOperation[]) => Promise<void>;
  /** Runs a command line; returns what it prints. */
  readonly run: (commandLine: string) => Promise<string>;
  /** The table as the commands that would make it, as ipvsadm prints them. */
  readonly savedTable: () => Promise<readonly string[]>;
}

/** Opens the world; call it once, at the top of a test file. */
export function openIpvsWorld(): IpvsWorld {
  const addon = loadNetlinkAddon();
  const shell = new Shell();
  const transport = openAddonTransport({ addon, protocol: netlinkProtocol.generic });
  const realServerTransport = openAddonTransport({ addon, protocol: netlinkProtocol.generic, dumps: 'small' });
  const resolveFamily = () => resolveGenericFamily(transport, ipvsFamilyName);
  const driver = createIpvsDriver({ transport, realServerTransport, resolveFamily });
  const run = (commandLine: string) => shell.run(commandLine);
  beforeEach(() => driver.flush());
  afterAll(async () => {
    await driver.flush();
    shell.close();
    transport.close();
    realServerTransport.close();
  });
  return {
    driver,
    transport,
    run,
    savedTable: async () => (await run('ipvsadm -Sn')).split('\n').filter(Boolean),
    apply: async (...operations) => {
      const [failure] = await driver.apply(operations);
      if (failure !== undefined) throw failure.error;
    },
  };
}
