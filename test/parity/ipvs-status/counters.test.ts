import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from '@jest/globals';
import type { StatusKernel } from '../../../src/cli/ipvs-status/status-world.ts';
import type { TrafficCounters } from '../../../src/model/real-server.ts';
import { openParityWorld } from './parity-world.ts';

const world = openParityWorld();
const directory = mkdtempSync(join(tmpdir(), 'counters-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** Around every change of unit. */
const edges = [
  10n ** 8n,
  10n ** 9n,
  10n ** 10n,
  10n ** 11n,
  10n ** 12n,
  10n ** 13n,
  10n ** 14n,
  10n ** 15n,
  10n ** 18n,
];
const counts = [0n, ...edges.flatMap((edge) => [edge - 1n, edge, edge + 999n, 5n * edge]), 2n ** 64n - 1n, 12_345_678n];

it('counters of every size', async () => {
  await world.shell.run(`cc -shared -fPIC -o ${directory}/shim.so ${join(__dirname, 'counters-shim.c')}`);
  await world.restore(['-A -t 10.0.0.1:80 -s rr']);
  for (let start = 0; start < counts.length; start += 10) {
    const ten = Array.from({ length: 10 }, (_, index) => counts[(start + index) % counts.length] ?? 0n);
    const environment = `COUNTERS=${ten.join(',')} LD_PRELOAD=${directory}/shim.so`;
    const lists = ['--stats', '--rate', '--exact'].map((option) => [
      '-Ln',
      option === '--exact' ? '--stats' : option,
      option,
    ]);
    const distinct = lists.map((list) => [...new Set(list)]);
    const expected = await world.ipvsadm(distinct, environment);
    for (const [index, list] of distinct.entries()) {
      expect({ list, ...(await world.ours(list, (kernel) => counting(kernel, ten))) }).toEqual({
        list,
        ...expected[index],
      });
    }
  }
});

/** A kernel whose only virtual server has these counters, in the order of their attributes. */
function counting(kernel: StatusKernel, ten: readonly bigint[]): StatusKernel {
  const [connections = 0n, incomingPackets = 0n, outgoingPackets = 0n, incomingBytes = 0n, outgoingBytes = 0n] = ten;
  const [connectionRate = 0n, incomingPacketRate = 0n, outgoingPacketRate = 0n, incomingByteRate = 0n] = ten.slice(5);
  const counters: TrafficCounters = {
    connections,
    incomingPackets,
    outgoingPackets,
    incomingBytes,
    outgoingBytes,
    connectionRate,
    incomingPacketRate,
    outgoingPacketRate,
    incomingByteRate,
    outgoingByteRate: ten[9] ?? 0n,
  };
  return {
    ...kernel,
    listVirtualServers: async () =>
      (await kernel.listVirtualServers('withoutCounters')).map((listed) => ({ ...listed, counters })),
  };
}
