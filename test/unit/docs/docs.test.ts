import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { tools as toolSyntaxes } from '../../../src/cli/tools.ts';
import { flagTable } from '../../../src/config/flag-table.ts';

const repository = join(import.meta.dirname, '../../..');

/** All pages that users read. */
const pages = [
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  ...markdownBelow('docs'),
  ...markdownBelow('charts'),
  'test/lab/README.md',
];

function markdownBelow(directory: string): string[] {
  return readdirSync(join(repository, directory), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(directory, name));
}

function read(page: string): string {
  return readFileSync(join(repository, page), 'utf8');
}

/** What stands in code: blocks, indented or fenced, and spans. */
function codeOf(text: string): string[] {
  const fenced = [...text.matchAll(/^ *```\w*\n(.*?)^ *```$/gms)].map(([, block = '']) => block);
  const rest = text.replaceAll(/^ *```\w*\n.*?^ *```$/gms, '');
  const indented = [...rest.matchAll(/^ {4}(?=\S)(?![-*|])(.*)$/gm)].map(([, line = '']) => line);
  const spans = [...rest.matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => span);
  return [...fenced.flatMap((block) => block.split('\n')), ...indented, ...spans];
}

/** Anchors of the headings, as GitHub makes them. */
function anchorsOf(text: string): Set<string> {
  const headings = text.replaceAll(/^```.*?^```$/gms, '').matchAll(/^#+ (.*)$/gm);
  const slug = (heading: string) =>
    heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-');
  return new Set([...headings].map(([, heading = '']) => slug(heading)));
}

/** Links that lead nowhere. */
function brokenLinks(page: string): string[] {
  const links = [...read(page).matchAll(/\[[^\]]*\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  return links.filter((link) => {
    if (/^[a-z]+:/.test(link)) return !/^(https?|mailto):/.test(link);
    const [path = '', anchor] = link.split('#');
    const file = path === '' ? page : relative(repository, join(repository, dirname(page), path));
    if (!existsSync(join(repository, file))) return true;
    return anchor !== undefined && file.endsWith('.md') && !anchorsOf(read(file)).has(anchor);
  });
}

const makeTargets = new Set([...read('Makefile').matchAll(/^([a-z-]+):/gm)].map(([, target = '']) => target));
const flags = new Set([...flagTable.map(({ name }) => name), 'help', 'h', 'dry-run']);
const tools = new Set([...toolSyntaxes.map(({ name }) => name), 'help', 'completion', 'cleanup']);

/** `make` with a target that there is not. */
function missingTargets(page: string): string[] {
  const named = codeOf(read(page)).flatMap((code) => [...code.matchAll(/(?:^|[\s;&])make ([a-z][a-z-]*)/g)]);
  return named.map(([, target = '']) => target).filter((target) => !makeTargets.has(target));
}

/** Files of this repository that are named and do not exist. `{a,b}` and `NAME` stand for others. */
function missingFiles(page: string): string[] {
  const named = codeOf(read(page)).flatMap((code) => [
    ...code.matchAll(/(?:^|[\s("'=])((?:src|test|docs|charts|\.build|native-bindings)\/[\w./-]+)/g),
  ]);
  return named
    .map(([, path = '']) => path.replace(/[.,]$/, ''))
    .filter((path) => !/[A-Z]{4}|results/.test(path) && !existsSync(join(repository, path)));
}

/** How a command line of ours begins: at the start, after `--` of another program, or with the path of the program. */
const commandLine = /^(?:.* -- |\$ )?(?:\S*\/)?ipvs-proxier (?=-|[a-z]+(?: |$))/;

/** Command lines of the daemon with flags that it does not have, or a tool that there is not. */
function wrongCommandLines(page: string): string[] {
  const lines = codeOf(read(page)).filter((code) => commandLine.test(code));
  return lines.filter((line) => {
    const words = line.replace(commandLine, '').split(/\s+/);
    const isDaemon = words[0]?.startsWith('-') === true;
    if (!isDaemon) return !tools.has(words[0] ?? '') && /^[a-z]+$/.test(words[0] ?? '');
    const given = words.filter((word) => word.startsWith('--')).map((word) => word.slice(2).split('=')[0] ?? '');
    return given.some((flag) => !flags.has(flag));
  });
}

/** Metrics of ours that are not in the reference. */
function unknownMetrics(page: string): string[] {
  const reference = read('docs/metrics.md');
  const named = [...read(page).matchAll(/ipvs_proxier_[a-z_]+[a-z]/g)].map(([name]) => name);
  return named.filter((name) => !reference.includes(`\`${name}`));
}

describe.each(pages)('%s', (page) => {
  it('has links that lead somewhere', () => expect(brokenLinks(page)).toEqual([]));
  it('names make targets that exist', () => expect(missingTargets(page)).toEqual([]));
  it('names files that exist', () => expect(missingFiles(page)).toEqual([]));
  it('shows command lines that the program understands', () => expect(wrongCommandLines(page)).toEqual([]));
  it('names metrics that exist', () => expect(unknownMetrics(page)).toEqual([]));
});

it('finds the pages', () => {
  expect(pages.length).toBeGreaterThan(8);
  for (const page of pages) expect(statSync(join(repository, page)).size).toBeGreaterThan(0);
});
