// Assembles the root file system of the image from what was built and from Debian packages. The same input gives the
// same files, with the same times.
// usage: assemble.ts --machine x64|arm64 --packages DIRECTORY --node FILE --node-license FILE --output DIRECTORY
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { commandFile } from './command-file.ts';
import {
  bundles,
  commandDirectory,
  emptyDirectories,
  iptablesLinks,
  layoutLinks,
  type Machine,
  machines,
  ownFiles,
  packages,
  programDirectory,
} from './content.ts';
import { missingLibraries } from './missing-libraries.ts';

const { values } = parseArgs({
  options: {
    machine: { type: 'string' },
    packages: { type: 'string' },
    node: { type: 'string' },
    'node-license': { type: 'string' },
    output: { type: 'string' },
  },
});
const machineName = wanted('machine') as Machine;
const machine = machines[machineName];
if (machine === undefined) fail(`no machine ${machineName}; there are ${Object.keys(machines).join(' and ')}`);
const [source, output] = [wanted('packages'), wanted('output')];
const dist = join(import.meta.dirname, '..', '..', 'dist');
const libraries = `usr/lib/${machine.triplet}`;
/** Seconds since 1970, for all times in the image. */
const epoch = Number(process.env['SOURCE_DATE_EPOCH'] ?? 0);

rmSync(output, { recursive: true, force: true });
mkdirSync(output, { recursive: true });
addLayout();
addNode();
addPrograms();
for (const { name, files } of packages) addPackage(name, files);
for (const [path, target] of Object.entries(iptablesLinks())) link(path, target);
link(machine.loader.path, machine.loader.target);
const missing = missingLibraries(output, libraries);
if (missing.length > 0) fail(missing.join('\n'));
setTimes(output);
console.log(`    ${output} ${Math.round(sizeOf(output) / 2 ** 20)} MiB`);

function wanted(name: 'machine' | 'packages' | 'node' | 'node-license' | 'output'): string {
  return values[name] ?? fail(`--${name} is missing`);
}

function fail(reason: string): never {
  console.error(`image: ${reason}`);
  process.exit(1);
}

function addLayout(): void {
  for (const directory of ['usr/bin', 'usr/lib64', 'usr/sbin', ...emptyDirectories]) {
    mkdirSync(join(output, directory), { recursive: true });
  }
  chmodSync(join(output, 'tmp'), 0o1777);
  for (const [path, target] of Object.entries(layoutLinks)) link(path, target);
  for (const [path, text] of Object.entries(ownFiles)) write(path, text);
}

/** Without symbols for debuggers Node is a sixth smaller; those that addons need stay. */
function addNode(): void {
  const path = `${commandDirectory}/node`;
  add(wanted('node'), path, 0o755);
  const strip = machine.triplet === 'x86_64-linux-gnu' && process.arch === 'x64' ? 'strip' : `${machine.triplet}-strip`;
  execFileSync(strip, ['--strip-unneeded', join(output, path)]);
  add(wanted('node-license'), 'usr/share/doc/nodejs/LICENSE');
}

function addPrograms(): void {
  for (const name of bundles) add(join(dist, name), `${programDirectory}/${name}`);
  const prebuilds = `prebuilds/linux-${machineName}`;
  for (const name of readdirSync(join(dist, prebuilds))) {
    add(join(dist, prebuilds, name), `${programDirectory}/${prebuilds}/${name}`);
  }
  for (const name of ['ipvs-proxier', 'ipvs-status']) {
    write(`${commandDirectory}/${name}`, commandFile(name, readFileSync(join(dist, name), 'utf8')), 0o755);
  }
  link(`${commandDirectory}/ipvsadm`, 'ipvs-status');
  // what a DaemonSet of kube-proxy calls, where only its image is replaced
  link(`${commandDirectory}/kube-proxy`, 'ipvs-proxier');
}

/** Programs keep their right to run; links of libraries become the file itself, under the name that is asked for. */
function addPackage(name: string, files: readonly string[]): void {
  for (const pattern of files) {
    const path = pattern.replace('LIB', libraries).replace('LOADER', machine.loaderFile);
    const found = path.includes('*') ? matching(path) : [path];
    if (found.length === 0) fail(`package ${name} has no ${path} in ${source}`);
    for (const each of found) {
      const isLibrary = each.startsWith(libraries) && !each.endsWith(machine.loaderFile);
      add(inPackages(each) ?? fail(`package ${name} has no ${each} in ${source}`), each, isLibrary ? 0o644 : 0o755);
    }
  }
  const copyright = `usr/share/doc/${name}/copyright`;
  add(inPackages(copyright) ?? fail(`package ${name} has no copyright file in ${source}`), copyright);
}

/** Packages have some libraries below /lib, which is a link on a running system. */
function inPackages(path: string): string | undefined {
  const found = [path, path.replace(/^usr\//, '')].map((each) => join(source, each)).find((each) => existsSync(each));
  return found && realpathSync(found);
}

function matching(pattern: string): readonly string[] {
  const directory = dirname(pattern);
  const [start = '', end = ''] = basename(pattern).split('*');
  const real = inPackages(directory);
  const names = real === undefined ? [] : readdirSync(real).toSorted();
  return names.filter((name) => name.startsWith(start) && name.endsWith(end)).map((name) => join(directory, name));
}

function add(from: string, path: string, mode = 0o644): void {
  if (!existsSync(from)) fail(`${from} is missing: make build`);
  const to = join(output, path);
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
  chmodSync(to, mode);
}

function write(path: string, text: string, mode = 0o644): void {
  const to = join(output, path);
  mkdirSync(dirname(to), { recursive: true });
  writeFileSync(to, text);
  chmodSync(to, mode);
}

function link(path: string, target: string): void {
  mkdirSync(dirname(join(output, path)), { recursive: true });
  symlinkSync(target, join(output, path));
}

function setTimes(directory: string): void {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) setTimes(path);
    else lutimesSync(path, epoch, epoch);
  }
  lutimesSync(directory, epoch, epoch);
}

function sizeOf(directory: string): number {
  const entries = readdirSync(directory, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}
