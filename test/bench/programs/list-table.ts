// Lists a table of virtual servers with both programs and prints the times. Run in the lab, after `make build`:
// node test/lab/lab.ts run --timeout 900 -- node test/bench/programs/list-table.ts [VIRTUAL-SERVERS] [REAL-SERVERS]
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

const [virtualServers = 10_000, realServers = 10] = process.argv.slice(2).map(Number);
const rounds = 4;
const listings = ['-Ln', '-Ln --stats', '-Sn'];
const directory = mkdtempSync(join(tmpdir(), 'list-table-'));

await makeTable();
console.log(`${virtualServers} virtual servers with ${realServers} real servers each; seconds, best of ${rounds}`);
for (const listing of listings) {
  const [classic, ours] = [new Measured('ipvsadm', listing), new Measured('dist/ipvs-status', listing)];
  for (let round = 0; round < rounds; round++) {
    classic.run();
    ours.run();
  }
  const same = spawnSync('cmp', [classic.path, ours.path]).status === 0 ? 'same bytes' : 'different bytes';
  const ratio = (classic.seconds / ours.seconds).toFixed(1);
  console.log(
    `${listing}: ipvsadm ${classic.seconds.toFixed(2)}, ipvs-status ${ours.seconds.toFixed(2)}: ${ratio} times; ${same}`,
  );
}

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
