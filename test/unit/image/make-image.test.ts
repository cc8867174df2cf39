import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';

const commit = '0123456789abcdef0123456789abcdef01234567';
const script = join(__dirname, '../../../.build/image/make-image.sh');
const directories: string[] = [];
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});

/** Runs the script where these engines are, each with the exit code of its `info`; gives what they, and dpkg, were told. */
function make(engines: Readonly<Record<string, number>>, environment: Readonly<Record<string, string>> = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'engines-'));
  directories.push(directory);
  const calls = join(directory, 'calls');
  for (const name of ['docker', 'podman', 'buildah', 'dpkg']) {
    const infoCode = engines[name] ?? 127;
    const lines = [
      '#!/bin/sh',
      `[ "$1" = info ] && exit ${infoCode}`,
      `echo "${name} $*" >>${calls}`,
      '[ "$1" != manifest ]', // there is nothing to remove the first time
    ];
    writeFileSync(join(directory, name), `${lines.join('\n')}\n`);
    chmodSync(join(directory, name), 0o755);
  }
  const env = {
    PATH: `${directory}:${process.env['PATH']}`,
    IMAGE: 'registry.example.com/ipvs-proxier:1',
    PLATFORMS: 'linux/amd64 linux/arm64',
    SOURCE_DATE_EPOCH: '7',
    SOURCE_COMMIT: commit,
    ...environment,
  };
  const { status, stderr } = spawnSync(script, { env, encoding: 'utf8' });
  const told = existsSync(calls) ? readFileSync(calls, 'utf8').trimEnd().split('\n') : [];
  return { status, stderr, told: told.map((call) => call.replace(/--build-arg VERSION=\S+ /, '')) };
}

const build = (platforms: string) =>
  `build --build-arg SOURCE_DATE_EPOCH=7 --platform ${platforms} --build-arg SOURCE_COMMIT=${commit}`;
const both = build('linux/amd64,linux/arm64');
const image = 'registry.example.com/ipvs-proxier:1';
const here = `linux/${process.arch === 'x64' ? 'amd64' : process.arch}`;

describe('make image', () => {
  it('is done by docker where that works', () => {
    const told = [`docker ${both} --tag ${image} .`];
    expect(make({ docker: 0, podman: 0 })).toMatchObject({ status: 0, told });
  });

  it.each(['podman', 'buildah'])('is done by %s where docker does not work, into a new list of images', (name) => {
    // both add to a list that there is, and an old image would stay its first entry; the platform that they build on
    // has to be told to older ones
    const platform = `--build-arg BUILDPLATFORM=${here}`;
    const told = [`${name} manifest rm ${image}`, `${name} ${both} ${platform} --manifest ${image} .`];
    expect(make({ docker: 1, [name]: 0 })).toMatchObject({ status: 0, told });
  });

  it('is for this machine unless told otherwise, also where there is no dpkg', () => {
    expect(make({ docker: 0 }, { PLATFORMS: '' }).told).toEqual([`docker ${build(here)} --tag ${image} .`]);
  });

  it('hands on what pins the image', () => {
    const pins = { NODE_IMAGE: 'node:24@sha256:1', APT_SOURCE: 'deb http://snapshot/ bookworm main' };
    const [told = ''] = make({ docker: 0 }, pins).told;
    expect(told).toContain(' --build-arg NODE_IMAGE=node:24@sha256:1 ');
    expect(told).toContain(' --build-arg APT_SOURCE=deb http://snapshot/ bookworm main ');
  });

  it('is refused for an engine or a platform that there is not', () => {
    expect(make({}, { ENGINE: 'rkt' })).toMatchObject({ status: 1, told: [], stderr: expect.stringContaining('rkt') });
    expect(make({}, { PLATFORMS: 'linux/s390x' })).toMatchObject({
      status: 1,
      told: [],
      stderr: expect.stringContaining('no platform linux/s390x; there are linux/amd64 and linux/arm64'),
    });
  });
});
