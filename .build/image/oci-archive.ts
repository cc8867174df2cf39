// Writes an image as an OCI archive, which docker, podman, skopeo and containerd load, from root file systems that
// were assembled: without any engine, and the same bytes for the same input.
// usage: oci-archive.ts --tag NAME:TAG --output FILE MACHINE=DIRECTORY...
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { imageConfig, type Machine, machines } from './content.ts';

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** One machine's image. */
interface Image extends Descriptor {
  readonly platform: { readonly architecture: string; readonly os: string };
  readonly blobs: { readonly config: string; readonly layer: string };
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { tag: { type: 'string' }, output: { type: 'string' } },
});
const { tag = 'ipvs-proxier:latest', output = 'ipvs-proxier.tar' } = values;
const epoch = Number(process.env['SOURCE_DATE_EPOCH'] ?? 0);
const created = new Date(epoch * 1000).toISOString().replace('.000Z', 'Z');
const version: string = JSON.parse(readFileSync(join(import.meta.dirname, '..', '..', 'package.json'), 'utf8')).version;

mkdirSync(dirname(output), { recursive: true });
const work = mkdtempSync(`${output}.`);
try {
  mkdirSync(join(work, 'blobs', 'sha256'), { recursive: true });
  const manifests = positionals.map((argument) => {
    const [machine = '', directory = ''] = argument.split('=');
    if (!(machine in machines))
      throw new Error(`${argument}: give MACHINE=DIRECTORY, of ${Object.keys(machines).join(', ')}`);
    return addImage(machine as Machine, directory);
  });
  writeIndex(manifests);
  writeForDocker(manifests);
  const partial = `${output}.partial`;
  tarOf(work, partial);
  renameSync(partial, output);
  for (const { digest, size, platform } of manifests) console.log(`    ${platform.architecture} ${digest} ${size}`);
} finally {
  rmSync(work, { recursive: true, force: true });
}

/** Sorted, owned by root, without what differs between file systems. */
function tarOf(directory: string, file: string): void {
  const stable = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', `--mtime=@${epoch}`, '--format=gnu'];
  execFileSync('tar', ['--create', ...stable, `--file=${file}`, '--directory', directory, '.']);
}

function addImage(machine: Machine, directory: string): Image {
  const layerFile = join(work, 'layer.tar');
  tarOf(directory, layerFile);
  const layer = readFileSync(layerFile);
  rmSync(layerFile);
  const platform = { architecture: machines[machine].debian, os: 'linux' };
  const layerBlob = addBlob('application/vnd.oci.image.layer.v1.tar+gzip', gzipSync(layer, { level: 9 }));
  const configBlob = addBlob('application/vnd.oci.image.config.v1+json', {
    created,
    ...platform,
    config: {
      Env: Object.entries(imageConfig.environment).map(([name, value]) => `${name}=${value}`),
      Entrypoint: imageConfig.entrypoint,
      Labels: { ...imageConfig.labels, 'org.opencontainers.image.version': version },
    },
    rootfs: { type: 'layers', diff_ids: [digestOf(layer)] },
    history: [{ created, created_by: '.build/image' }],
  });
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = addBlob(mediaType, { schemaVersion: 2, mediaType, config: configBlob, layers: [layerBlob] });
  return { ...manifest, platform, blobs: { config: configBlob.digest, layer: layerBlob.digest } };
}

/** Docker reads this file where its store is not that of containerd; it has room for one machine only. */
function writeForDocker(images: readonly Image[]): void {
  const [image, ...others] = images;
  if (image === undefined || others.length > 0) return;
  const path = (digest: string) => `blobs/${digest.replace(':', '/')}`;
  const { config, layer } = image.blobs;
  const content = [{ Config: path(config), RepoTags: [tag], Layers: [path(layer)] }];
  writeFileSync(join(work, 'manifest.json'), JSON.stringify(content));
}

function writeIndex(images: readonly Image[]): void {
  const manifests = images.map(({ blobs: _, ...manifest }) => manifest);
  const mediaType = 'application/vnd.oci.image.index.v1+json';
  const annotations = {
    'io.containerd.image.name': tag,
    'org.opencontainers.image.ref.name': tag,
  };
  const listed =
    manifests.length === 1
      ? manifests.map((manifest) => ({ ...manifest, annotations }))
      : [{ ...addBlob(mediaType, { schemaVersion: 2, mediaType, manifests }), annotations }];
  writeFileSync(join(work, 'index.json'), JSON.stringify({ schemaVersion: 2, mediaType, manifests: listed }));
  writeFileSync(join(work, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
}

function addBlob(mediaType: string, content: Uint8Array | object): Descriptor {
  const bytes = content instanceof Uint8Array ? content : new TextEncoder().encode(JSON.stringify(content));
  const digest = digestOf(bytes);
  writeFileSync(join(work, 'blobs', digest.replace(':', '/')), bytes);
  return { mediaType, digest, size: bytes.length };
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
