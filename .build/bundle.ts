// Builds dist/: one CommonJS bundle and one launcher per program, the addon, licences, and what tests need.
// usage: bundle.ts [--tests-only]
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import { netlinkBesideBundle } from './netlink-beside-bundle.ts';
import { slimClientNode } from './slim-client-node.ts';
import { sourceState } from './source-state.ts';
import { bundledPackages, thirdPartyLicenses } from './third-party-licenses.ts';

/** What we ship: name of the bundle, the file that starts it, and whether it has a launcher of its own. */
const programs: readonly { readonly name: string; readonly entry: string; readonly launched: boolean }[] = [
  { name: 'ipvs-proxier', entry: 'src/app/main.ts', launched: true },
  { name: 'ipvs-proxier-tools', entry: 'src/app/tools/main.ts', launched: false },
  { name: 'ipvs-status', entry: 'src/app/ipvs-status/main.ts', launched: true },
];
/** Packages of which something is shipped that esbuild does not see: binaries, and headers compiled into the addon. */
const packagesBesideBundle = ['node_modules/netlink', 'node_modules/node-api-headers'];
const addonDirectory = 'native-bindings/prebuilds';

const bundling: BuildOptions = {
  bundle: true,
  platform: 'node',
  target: 'node22',
  // ES modules would load Node's undici as soon as they import node:http: 11 to 15 MB of memory for nothing
  format: 'cjs',
  // names stay, so that stack traces can be read
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
  logOverride: { 'empty-import-meta': 'error' },
  define: {
    'import.meta.url': '__bundleUrl',
    'import.meta.dirname': '__dirname',
    'import.meta.filename': '__filename',
    ipvsProxierBuildSource: JSON.stringify(sourceState()),
  },
  banner: { js: 'const __bundleUrl = require("node:url").pathToFileURL(__filename).href;' },
  plugins: [slimClientNode, netlinkBesideBundle],
};

process.chdir(join(import.meta.dirname, '..'));
try {
  await buildForTests();
  if (!process.argv.includes('--tests-only')) {
    await buildPrograms();
  }
} catch (error) {
  // esbuild has told about its own errors already
  console.error(`build failed: ${error instanceof Error ? error.message.split('\n', 1)[0] : String(error)}`);
  process.exitCode = 1;
}

/** client-node is an ES module, which Jest cannot load: tests get the one file that we use as CommonJS. */
async function buildForTests(): Promise<void> {
  await build({
    ...bundling,
    entryPoints: ['node_modules/@kubernetes/client-node/dist/config.js'],
    outfile: 'dist/test/kube-config.cjs',
  });
}

async function buildPrograms(): Promise<void> {
  const packages = new Set(packagesBesideBundle);
  for (const { name, entry, launched } of programs) {
    const outfile = `dist/${name}.cjs`;
    const { metafile } = await build({ ...bundling, metafile: true, entryPoints: [entry], outfile });
    for (const directory of bundledPackages(metafile)) {
      packages.add(directory);
    }
    if (launched) writeLauncher(name);
    console.log(`    ${outfile} ${Math.round((metafile.outputs[outfile]?.bytes ?? 0) / 1024)} KiB`);
  }
  copyPrebuilds();
  writeFileSync('dist/THIRD_PARTY_LICENSES', thirdPartyLicenses(packages));
  cpSync('LICENSE', 'dist/LICENSE');
}

function writeLauncher(name: string): void {
  const template = readFileSync(join(import.meta.dirname, 'launcher.sh'), 'utf8');
  writeFileSync(`dist/${name}`, template.replaceAll('PROGRAM', name));
  chmodSync(`dist/${name}`, 0o755);
}

/** Our addon and the package's; both are looked for in `prebuilds` beside the bundle. */
function copyPrebuilds(): void {
  if (!existsSync(addonDirectory)) {
    throw new Error(`${addonDirectory} is missing: make native`);
  }
  rmSync('dist/prebuilds', { recursive: true, force: true });
  mkdirSync('dist/prebuilds', { recursive: true });
  for (const architecture of ['linux-x64', 'linux-arm64']) {
    cpSync(join('node_modules/netlink/prebuilds', architecture), join('dist/prebuilds', architecture), {
      recursive: true,
    });
  }
  cpSync(addonDirectory, 'dist/prebuilds', { recursive: true });
}
