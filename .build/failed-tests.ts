import { stripVTControlCharacters } from 'node:util';

/** A test that failed, or a file of tests that could not be run. */
export interface FailedTest {
  /** The file, with the names of the groups and of the test; for a check of the demo, what it checks. */
  readonly name: string;
  /** The first lines of what was said, without colours and without the places in our code. */
  readonly message: string;
}

interface JestFile {
  readonly name: string;
  readonly message?: string;
  readonly assertionResults?: readonly JestTest[];
}

interface JestTest {
  readonly status: string;
  readonly fullName: string;
  readonly failureMessages?: readonly string[];
}

interface Results {
  readonly testResults?: readonly JestFile[];
  readonly checks?: readonly { readonly what: string; readonly ok: boolean; readonly seen?: string }[];
}

const shownLines = 6;

/**
 * The failures that a file of results names: Jest's JSON, or that of the demo. Paths are relative to `root`, or to its
 * place in the lab. A file that is not JSON names none; that it is counted as a failure is another's business. Pure.
 */
export function failedTests(json: string, root: string): readonly FailedTest[] {
  const { testResults = [], checks = [] } = parse(json);
  return [
    ...testResults.flatMap((file) => failedOfFile(file, root)),
    ...checks.filter(({ ok }) => !ok).map(({ what, seen = '' }) => ({ name: what, message: firstLines(seen) })),
  ];
}

function failedOfFile({ name, message = '', assertionResults = [] }: JestFile, root: string): readonly FailedTest[] {
  const file = name.startsWith(`${root}/`) ? name.slice(root.length + 1) : name;
  const failed = assertionResults.filter(({ status }) => status === 'failed');
  if (failed.length === 0 && assertionResults.length === 0) return [{ name: file, message: firstLines(message) }];
  return failed.map(({ fullName, failureMessages = [] }) => ({
    name: `${file}: ${fullName}`,
    message: firstLines(failureMessages.join('\n')),
  }));
}

function parse(json: string): Results {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

function firstLines(message: string): string {
  const lines = stripVTControlCharacters(message)
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line.trim() !== '' && !/^\s+at /.test(line));
  return lines.slice(0, shownLines).join('\n');
}
