import { createServer, type Server } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { askHolder } from '../../../../src/app/explain/ask-holder.ts';
import { parseTarget } from '../../../../src/cli/explain/target.ts';
import type { AskedAddress } from '../../../../src/app/explain/find-service.ts';

let directory = '';
let socket = '';
let server: Server | undefined;
let asked: string[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'holder-'));
  socket = join(directory, 'status.sock');
  asked = [];
});
afterEach(async () => {
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
  server = undefined;
  rmSync(directory, { recursive: true });
});

/** A daemon that serves DNS over UDP, and metrics of it on the same address. */
async function serve(status = 200): Promise<void> {
  const ports = (protocol: string, nodePort = 0) => [{ name: '', protocol, port: 53, nodePort }];
  const lines = [
    { kind: 'node', protocol: 1, program: '1', node: 'n1', inSync: true },
    { kind: 'service', namespace: 'kube-system', name: 'dns', ports: ports('UDP', 30053) },
    { kind: 'service', namespace: 'kube-system', name: 'dns-tcp', ports: ports('TCP') },
    { kind: 'end', services: 2 },
  ];
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.writeHead(status, { 'ipvs-proxier-protocol': '1', 'ipvs-proxier-version': '1' });
    response.end(status === 200 ? lines.map((line) => `${JSON.stringify(line)}\n`).join('') : 'unknown parameter\n');
  });
  await new Promise<void>((resolve) => server?.listen(socket, resolve));
}

const holder = (address: string) => askHolder(socket, parseTarget(address) as AskedAddress);

describe('who has an address', () => {
  it('is told by the daemon, by protocol and port', async () => {
    await serve();
    expect(await holder('10.96.0.10:53')).toMatchObject({ name: 'dns' });
    expect(await holder('10.96.0.10:53/TCP')).toMatchObject({ namespace: 'kube-system', name: 'dns-tcp' });
    expect(await holder('192.168.7.1:30053/UDP')).toMatchObject({ name: 'dns' });
    expect(await holder('[fd00::a]:53/SCTP')).toBeUndefined();
    expect(asked[0]).toBe('/v1/services?address=10.96.0.10%3A53');
    expect(asked[3]).toBe('/v1/services?address=%5Bfd00%3A%3Aa%5D%3A53');
  });

  it('is not to be had of a daemon that is away, older, or without a socket', async () => {
    expect(await holder('10.96.0.10:53')).toBeUndefined();
    await serve(400);
    expect(await holder('10.96.0.10:53')).toBeUndefined();
    expect(await askHolder('', parseTarget('10.96.0.10:53') as AskedAddress)).toBeUndefined();
  });
});
