import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { ObjectList } from '../../../support/api-server/plain-client.ts';
import { call } from '../../../support/api-server/plain-client.ts';

const MAIN = resolve('test/support/api-server/main.ts');

const MANIFEST = `
kind: Node
metadata: {name: n1}
---
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
kind: Pod
metadata: {name: p1, labels: {app: web}}
status: {podIP: 10.1.0.1}
`;

jest.setTimeout(30_000);

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'api-server-test-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('main', () => {
  it('serves, prints its address, writes files, and stops on a signal', async () => {
    const file = (name: string) => join(folder, name);
    writeFileSync(file('nodes.yaml'), MANIFEST);
    const args = [
      '--token',
      'secret',
      '--ca',
      file('ca.crt'),
      '--kubeconfig',
      file('config'),
      '--manifest',
      file('nodes.yaml'),
    ];
    const child = spawn(process.execPath, [MAIN, '--port', '0', '--endpoint-controller', ...args], { timeout: 20_000 });
    try {
      const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]; // lines are texts
      const [, url = ''] = /^ready (https:\/\/127\.0\.0\.1:\d+)$/.exec(line) ?? [];
      const options = { ca: readFileSync(file('ca.crt'), 'utf8'), headers: { authorization: 'Bearer secret' } };
      const { body } = await call<ObjectList>(`${url}/api/v1/nodes`, options);
      expect(body.items.map((node) => node.metadata.name)).toEqual(['n1']);
      const slices = await call<ObjectList>(`${url}/apis/discovery.k8s.io/v1/endpointslices`, options);
      expect(slices.body.items).toMatchObject([{ ports: [{ port: 80 }], endpoints: [{ addresses: ['10.1.0.1'] }] }]);
      expect(readFileSync(file('config'), 'utf8')).toContain(url);
    } finally {
      child.kill('SIGTERM');
    }
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it.each([
    [['--port', 'x'], '--port x is no port number'],
    [['--nonsense'], "Unknown option '--nonsense'"],
    [['--service-cidr', '10.0.0.0'], 'service CIDR 10.0.0.0 is not a network'],
  ])('refuses %j', async (args, message) => {
    const child = spawn(process.execPath, [MAIN, ...args], { timeout: 20_000 });
    const [errors, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
    expect(errors).toContain(message);
    expect(code).toBe(1);
  });
});
