/** What came of the tests of one lab. */
export interface LabOutcome {
  readonly passed: number;
  readonly failed: number;
  /** Why there are no results of it; undefined when there are. */
  readonly death: string | undefined;
}

/**
 * Reads Jest's results as JSON; `end` is the exit code of the lab, or the signal or error that ended it. A skipped test
 * has not passed, unless tests `mayBeSkipped`, as those are that somebody did not choose. A file that could not be run is
 * a failure, and so is a lab that came to no end. Pure.
 */
export function labOutcome(
  results: string | undefined,
  end: number | string,
  tests: readonly string[],
  mayBeSkipped = false,
): LabOutcome {
  const counts = parseCounts(results, mayBeSkipped);
  if (counts === undefined) {
    return { passed: 0, failed: 1, death: `it ended with ${end} and left no results of ${tests.join(' ')}` };
  }
  return { passed: counts.passed, failed: end === 0 ? counts.failed : Math.max(counts.failed, 1), death: undefined };
}

function parseCounts(
  results: string | undefined,
  mayBeSkipped: boolean,
): Pick<LabOutcome, 'passed' | 'failed'> | undefined {
  try {
    const counts = JSON.parse(results ?? '') as Readonly<Record<string, unknown>>;
    const [passed, failed, pending] = [counts['numPassedTests'], counts['numFailedTests'], counts['numPendingTests']];
    const sum =
      Number(failed) + (mayBeSkipped ? 0 : Number(pending)) + Number(counts['numRuntimeErrorTestSuites'] ?? 0);
    return Number.isSafeInteger(passed) && Number.isSafeInteger(sum)
      ? { passed: Number(passed), failed: sum }
      : undefined;
  } catch {
    return undefined;
  }
}
