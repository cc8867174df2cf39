import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createIpvsDriver } from '../../../src/kernel/ipvs/driver.ts';
import type { IpAddress } from '../../../src/model/ip.ts';
import type { IpvsOperation } from '../../../src/model/operation.ts';
import { masqueradingRealServer } from '../../../src/model/real-server.ts';
import { virtualServerKey } from '../../../src/model/virtual-server.ts';
import { loadNetlinkAddon } from '../../../src/native/addon.ts';
import { openAddonTransport } from '../../../src/netlink/connection.ts';
import { netlinkProtocol } from '../../../src/netlink/constants.ts';
import { resolveGenericFamily } from '../../../src/netlink/generic-family.ts';
import { printResult } from '../print-result.ts';

/** Of a way to list: the fastest of each program, and whether they printed the same bytes. */
export interface MeasuredListing {
  readonly listing: string;
  readonly ipvsadmSeconds: number;
  readonly ourSeconds: number;
  readonly isSame: boolean;
}

// Lists a table with both programs, in turn, and compares what they print. Run in the lab, after `make build`:
//   node list-table.ts VIRTUAL-SERVERS REAL-SERVERS ROUNDS

/** Runs of a program, of which the best counts: the others were disturbed. */
class Measured {
  readonly path: string;
  readonly #program: string;
  readonly #options: readonly string[];
  seconds = Number.POSITIVE_INFINITY;

  constructor(program: string, options: string) {
    this.path = join(directory, program.replaceAll('/', '-'));
    this.#program = program;
    this.#options = options.split(' ');
  }

  run(): void {
    const output = openSync(this.path, 'w');
    const started = performance.now();
    const { status } = spawnSync(this.#program, this.#options, { stdio: ['ignore', output, 'inherit'] });
    this.seconds = Math.min(this.seconds, (performance.now() - started) / 1000);
    closeSync(output);
    if (status !== 0) throw new Error(`${this.#program} ${this.#options.join(' ')}: exit ${status}`);
  }
}

const [virtualServers = 10_000, realServers = 10, rounds = 4] = process.argv.slice(2).map(Number);
const listings = ['-Ln', '-Ln --stats', '-Sn'];
const directory = mkdtempSync(join(tmpdir(), 'list-table-'));

await makeTable();
const measured = listings.map((listing): MeasuredListing => {
  const [classic, ours] = [new Measured('ipvsadm', listing), new Measured('dist/ipvs-status', listing)];
  for (let round = 0; round < rounds; round++) {
    classic.run();
    ours.run();
  }
  const isSame = spawnSync('cmp', [classic.path, ours.path]).status === 0;
  return { listing, ipvsadmSeconds: classic.seconds, ourSeconds: ours.seconds, isSame };
});
printResult(measured);

async function makeTable(): Promise<void> {
  const transport = openAddonTransport({
    addon: loadNetlinkAddon(),
    protocol: netlinkProtocol.generic,
    timeoutMs: 60_000,
  });
  const driver = createIpvsDriver({ transport, resolveFamily: () => resolveGenericFamily(transport, 'IPVS') });
  for (let start = 0; start < virtualServers; start += 500) {
    const operations = Array.from({ length: Math.min(500, virtualServers - start) }, (_, index) =>
      table(start + index),
    );
    const [failure] = await driver.apply(operations.flat());
    if (failure !== undefined) throw failure.error;
  }
  transport.close();
}

function table(index: number): IpvsOperation[] {
  const address =
    `10.${96 + Math.floor(index / 62_500)}.${Math.floor(index / 250) % 250}.${(index % 250) + 1}` as IpAddress;
  const identity = { kind: 'address', address, port: 80, protocol: 'TCP' } as const;
  const virtualServer = {
    key: virtualServerKey(identity),
    identity,
    scheduler: 'rr',
    flags: 0,
    persistenceTimeoutSeconds: 0,
    persistencePrefixLength: 32,
    persistenceEngine: '',
  };
  const backends = Array.from({ length: realServers }, (_, number): IpvsOperation => {
    const at = index * realServers + number;
    const backend = `10.${128 + Math.floor(at / 62_500)}.${Math.floor(at / 250) % 250}.${(at % 250) + 1}` as IpAddress;
    return { kind: 'addRealServer', virtualServer, realServer: masqueradingRealServer(backend, 8080, 1) };
  });
  return [{ kind: 'addVirtualServer', virtualServer }, ...backends];
}
