import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';

const inPackage = "require('node-gyp-build')(__dirname + '/..')";
const besideBundle = "require('node-gyp-build')(__dirname)";

/** Makes the package `netlink` look for its binary in `prebuilds` beside the bundle, not one folder above it. */
export const netlinkBesideBundle: Plugin = {
  name: 'netlink-beside-bundle',
  setup(build) {
    build.onLoad({ filter: /\/node_modules\/netlink\/dist\/raw\.js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      if (!source.includes(inPackage)) {
        throw new Error(`${path} finds its binary in another way than this build knows`);
      }
      return { contents: source.replace(inPackage, besideBundle) };
    });
  },
};
