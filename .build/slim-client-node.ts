import { join } from 'node:path';
import type { OnResolveArgs, Plugin } from 'esbuild';

/** Transports of client-node that nothing of ours reaches. */
const unusedPackages =
  /^(undici|socks|socks-proxy-agent|hpagent|ws|isomorphic-ws|stream-buffers|tar-fs|jsonpath-plus)$/;
const usedFromGenerated =
  "export { createConfiguration } from './configuration.js'; export { ServerConfiguration } from './servers.js';";
/** Files are read as YAML by the package `yaml`, and handed to client-node as JSON: it needs no reader of its own. */
const onlyJson = 'export const load = JSON.parse;';

/**
 * Makes `KubeConfig` of client-node small: it needs two things of the generated code, not its 900 model files, and none
 * of its transports, and no YAML. Saves 1.6 MB of bundle and 60 MB of memory.
 */
export const slimClientNode: Plugin = {
  name: 'slim-client-node',
  setup(build) {
    build.onResolve({ filter: /^\.\/gen\/index\.js$/ }, (args) =>
      isFromClientNode(args) ? { path: join(args.resolveDir, 'gen'), namespace: 'client-node-generated' } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: 'client-node-generated' }, (args) => ({
      resolveDir: args.path,
      contents: usedFromGenerated,
    }));
    build.onResolve({ filter: unusedPackages }, (args) =>
      isFromClientNode(args) ? { path: args.path, namespace: 'not-bundled' } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: 'not-bundled' }, (args) => ({ contents: refusal(args.path) }));
    build.onResolve({ filter: /^js-yaml$/ }, (args) =>
      isFromClientNode(args) ? { path: args.path, namespace: 'client-node-yaml' } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: 'client-node-yaml' }, () => ({ contents: onlyJson }));
  },
};

function isFromClientNode(args: OnResolveArgs): boolean {
  return args.importer.includes('@kubernetes/client-node');
}

/** A module each of whose exports throws when it is constructed. */
function refusal(packageName: string): string {
  const message = JSON.stringify(`${packageName} is not part of this program`);
  return `class NotBundled { constructor() { throw new Error(${message}); } }
module.exports = new Proxy({}, { get: (_, name) => (name === '__esModule' ? false : NotBundled) });`;
}
