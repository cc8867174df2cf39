import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { imageConfig } from '../../../.build/image/content.ts';

const directory = mkdtempSync(join(tmpdir(), 'oci-archive-'));
const script = join(__dirname, '../../../.build/image/oci-archive.ts');

beforeAll(() => {
  for (const machine of ['x64', 'arm64']) {
    const root = join(directory, machine);
    mkdirSync(join(root, 'usr/bin'), { recursive: true });
    writeFileSync(join(root, 'usr/bin/program'), machine, { mode: 0o755 });
    symlinkSync('usr/bin', join(root, 'bin'));
  }
});
afterAll(() => rmSync(directory, { recursive: true }));

function make(name: string, machines: readonly string[]): Promise<{ code: number; stderr: string }> {
  const roots = machines.map((machine) => `${machine}=${join(directory, machine)}`);
  const parameters = [script, '--tag=registry/services:1.0', `--output=${join(directory, name)}`, ...roots];
  const env = { ...process.env, SOURCE_DATE_EPOCH: '1700000000' };
  return new Promise((resolve) => {
    execFile(process.execPath, parameters, { env }, (error, _, stderr) => {
      resolve({ code: Number(error?.code ?? 0), stderr });
    });
  });
}

function unpack(name: string): string {
  const to = join(directory, `${name}.unpacked`);
  mkdirSync(to);
  execFileSync('tar', ['-xf', join(directory, name), '-C', to]);
  return to;
}

const digestOf = (bytes: Buffer) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** A blob, which has to be what its digest and its size say. */
function blob(root: string, { digest, size }: { readonly digest: string; readonly size: number }): Buffer {
  const bytes = readFileSync(join(root, 'blobs', digest.replace(':', '/')));
  expect({ digest: digestOf(bytes), size: bytes.length }).toEqual({ digest, size });
  return bytes;
}

const json = (bytes: Buffer) => JSON.parse(bytes.toString('utf8'));

describe('the archive', () => {
  it('for two machines is an index of two images, whose digests and sizes are right', async () => {
    expect(await make('both.tar', ['x64', 'arm64'])).toMatchObject({ code: 0 });
    const root = unpack('both.tar');
    const top = json(readFileSync(join(root, 'index.json')));
    expect(top.manifests[0].annotations['io.containerd.image.name']).toBe('registry/services:1.0');
    const { manifests } = json(blob(root, top.manifests[0]));
    expect(manifests.map((each: { platform: object }) => each.platform)).toEqual([
      { architecture: 'amd64', os: 'linux' },
      { architecture: 'arm64', os: 'linux' },
    ]);
    for (const each of manifests) {
      const manifest = json(blob(root, each));
      const config = json(blob(root, manifest.config));
      const layer = gunzipSync(blob(root, manifest.layers[0]));
      expect(config.rootfs.diff_ids).toEqual([digestOf(layer)]);
      expect(config.config.Entrypoint).toEqual(imageConfig.entrypoint);
      expect(config.config.Env).toContain('MALLOC_ARENA_MAX=1');
      expect(config.architecture).toBe(each.platform.architecture);
    }
  });

  it('for one machine can be read by an older docker too', async () => {
    expect(await make('one.tar', ['x64'])).toMatchObject({ code: 0 });
    const root = unpack('one.tar');
    const [image] = json(readFileSync(join(root, 'manifest.json')));
    expect(image.RepoTags).toEqual(['registry/services:1.0']);
    expect(json(readFileSync(join(root, image.Config))).architecture).toBe('amd64');
    expect(execFileSync('tar', ['-tzf', join(root, image.Layers[0])], { encoding: 'utf8' })).toBe(
      './\n./bin\n./usr/\n./usr/bin/\n./usr/bin/program\n',
    );
  });

  it('is the same when it is made again', async () => {
    const [first, second] = ['first.tar', 'second.tar'];
    for (const name of [first, second]) expect(await make(name, ['x64'])).toMatchObject({ code: 0 });
    expect(digestOf(readFileSync(join(directory, second)))).toBe(digestOf(readFileSync(join(directory, first))));
  });

  it('is refused for a machine that there is not', async () => {
    const { code, stderr } = await make('riscv.tar', ['riscv64']);
    expect(code).toBe(1);
    expect(stderr).toContain('give MACHINE=DIRECTORY, of x64, arm64');
  });
});
