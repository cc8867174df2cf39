import { fileURLToPath } from 'node:url';

/** Words that may come first on the command line and are no flags of the daemon. `.build/launcher.sh` knows them too. */
const toolNames: ReadonlySet<string> = new Set(['plan', 'diff', 'explain', 'check', 'completion', 'help']);

/**
 * The file of the tools when the command line asks for one; undefined when it is for the daemon. The tools are in a
 * bundle beside that of the daemon, which carries nothing of them but this.
 */
export function toolsFile(argv: readonly string[]): string | undefined {
  if (!toolNames.has(argv[0] ?? '')) return undefined;
  const isSource = import.meta.url.endsWith('.ts');
  return fileURLToPath(new URL(isSource ? './tools/main.ts' : './ipvs-proxier-tools.cjs', import.meta.url));
}

/** `cleanup` as a word means the flag. */
export function daemonArguments(argv: readonly string[]): readonly string[] {
  return argv[0] === 'cleanup' ? ['--cleanup', ...argv.slice(1)] : argv;
}
