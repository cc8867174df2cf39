/**
 * What two states have different, line by line: `-` is expected and missing, `+` is there and not expected. Empty when
 * they are equal. Long lists are cut.
 */
export function difference(expected: readonly string[], actual: readonly string[]): string {
  const missing = without(expected, actual).map((line) => `  - ${line}`);
  const surplus = without(actual, expected).map((line) => `  + ${line}`);
  return [...cut(missing), ...cut(surplus)].join('\n');
}

const mostLines = 40;

function cut(lines: readonly string[]): readonly string[] {
  if (lines.length <= mostLines) return lines;
  return [...lines.slice(0, mostLines), `  ... and ${lines.length - mostLines} more`];
}

/** Lines of the first that the second does not have, counting repetitions; in order of the alphabet. */
function without(lines: readonly string[], others: readonly string[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const line of others) counts.set(line, (counts.get(line) ?? 0) + 1);
  const left = lines.filter((line) => {
    const count = counts.get(line) ?? 0;
    counts.set(line, count - 1);
    return count <= 0;
  });
  return left.sort();
}
