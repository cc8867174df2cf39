import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Plugin } from 'esbuild';

const inPackage = "require('node-gyp-build')(__dirname + '/..')";
const besideBundle = "require('node-gyp-build')(__dirname)";

/**
 * Makes the package `netlink` look for its binary in `prebuilds` beside the bundle, not one folder above it; and takes
 * of the package only its sockets, not its 350 KiB of message formats, which nothing of ours reads.
 */
export const netlinkBesideBundle: Plugin = {
  name: 'netlink-beside-bundle',
  setup(build) {
    build.onResolve({ filter: /^netlink$/ }, () => ({
      path: join(import.meta.dirname, '../node_modules/netlink/dist/raw.js'),
    }));
    build.onLoad({ filter: /\/node_modules\/netlink\/dist\/raw\.js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      if (!source.includes(inPackage)) {
        throw new Error(`${path} finds its binary in another way than this build knows`);
      }
      return { contents: source.replace(inPackage, besideBundle) };
    });
  },
};
