/**
 * What starts a program in the image. There is no shell in it, so this is what the launcher of dist/ does, for Node: the
 * kernel starts Node with the one flag of the first line, which is that of the daemon for ipvs-status too: there is no
 * room for those that it has elsewhere. The settings of malloc are in the environment of the image.
 */
export function commandFile(name: string, launcher: string): string {
  const flag = /^exec "\$node" (--\S+) "\$here/m.exec(launcher)?.[1];
  if (flag === undefined) throw new Error(`the launcher of ${name} starts Node in another way than the image knows`);
  const directory = '/usr/local/lib/ipvs-proxier';
  return `#!/usr/local/bin/node ${flag}
${name === 'ipvs-proxier' ? toolsOr(launcher, directory) : `require('${directory}/${name}.cjs');`}
`;
}

/** Tools are in a bundle of their own; their names are in the launcher. */
function toolsOr(launcher: string, directory: string): string {
  const names = /^ *case \$\{1-\} in\n +([a-z| -]+)\)$/m.exec(launcher)?.[1]?.split(' | ');
  if (names === undefined) throw new Error('the launcher has no list of tools');
  return `const tools = new Set(${JSON.stringify(names)});
require(tools.has(process.argv[2]) ? '${directory}/ipvs-proxier-tools.cjs' : '${directory}/ipvs-proxier.cjs');`;
}
