/** Verbosity of the source files that match a pattern. */
export interface FilePattern {
  readonly filePattern: string;
  readonly verbosity: number;
}

/**
 * Verbosity that the first matching pattern sets for a source file, or undefined. A pattern without a slash is
 * compared with the file's name without its ending, one with a slash with the end of its path; `*` and `?` match as
 * in a shell.
 */
export function fileVerbosity(caller: string, patterns: readonly FilePattern[]): number | undefined {
  const path = caller.replace(/\.ts$/, '');
  const name = path.slice(path.lastIndexOf('/') + 1);
  const found = patterns.find(({ filePattern }) => {
    if (!filePattern.includes('/')) return globExpression(filePattern).test(name);
    return globExpression(filePattern).test(path) || globExpression(`*/${filePattern}`).test(path);
  });
  return found?.verbosity;
}

function globExpression(pattern: string): RegExp {
  const source = pattern
    .replace(/[\\^$.|+()[\]{}]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's');
}
