import { accessSync, constants, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { processIds } from '../process-table.ts';
import { textOfFile } from '../text-of-file.ts';

/** Numbers of the capabilities that are told of. Source: linux/capability.h, read at 6.12. */
const capabilityNumbers: Readonly<Record<string, bigint>> = {
  NET_ADMIN: 12n,
  NET_RAW: 13n,
  SYS_MODULE: 16n,
  SYS_ADMIN: 21n,
};

/** Capabilities in force for this process, out of those that count. */
export function capabilitiesInForce(procDirectory = '/proc'): readonly string[] {
  const status = textOfFile(join(procDirectory, 'self/status'));
  const mask = BigInt(`0x${/^CapEff:\s*([\da-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  return Object.entries(capabilityNumbers).flatMap(([name, bit]) => ((mask >> bit) & 1n ? [name] : []));
}

/** Whether this process is in the network namespace of the first one; undefined where that cannot be told. */
export function isHostNetwork(procDirectory = '/proc'): boolean | undefined {
  try {
    const [own, first] = ['self', '1'].map((process) => readlinkSync(join(procDirectory, process, 'ns/net')));
    const pids = ['self', '1'].map((process) => readlinkSync(join(procDirectory, process, 'ns/pid')));
    // In a process namespace of its own the first process says nothing about the node.
    const isContainer = pids[0] === pids[1] && textOfFile(join(procDirectory, '1/cgroup')).includes('kubepods');
    return isContainer ? undefined : own === first;
  } catch {
    return undefined;
  }
}

/** Whether settings of the network can be written, without writing one. */
export function areSettingsWritable(procDirectory = '/proc'): boolean {
  try {
    accessSync(join(procDirectory, 'sys/net/ipv4/ip_forward'), constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Names of all processes that can be seen, each once. */
export function processNames(procDirectory = '/proc'): readonly string[] {
  const names = processIds(procDirectory).map((id) => textOfFile(join(procDirectory, id, 'comm')).trim());
  return [...new Set(names)].filter(Boolean);
}
