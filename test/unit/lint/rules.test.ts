import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const root = join(__dirname, '../../..');
const oxlint = join(root, 'node_modules/.bin/oxlint');

/** A file that breaks one rule: path, text, and the rule that must say so. */
type Violation = readonly [path: string, text: string, rule: string];

const imports = (path: string, from: string): Violation => [
  path,
  `import { thing } from '${from}';\nexport const used = thing;\n`,
  'eslint(no-restricted-imports)',
];
const importsType = (path: string, from: string): Violation => [
  path,
  `import type { Thing } from '${from}';\nexport type Used = Thing;\n`,
  'eslint(no-restricted-imports)',
];

const forbiddenArrows: readonly Violation[] = [
  importsType('src/model/a.ts', '../config/config.ts'),
  imports('src/model/b.ts', 'node:net'),
  imports('src/model/c.ts', 'zod'),
  imports('src/config/a.ts', 'node:fs'),
  imports('src/config/b.ts', '../plan/plan.ts'),
  imports('src/observe/a.ts', '../kubernetes/source.ts'),
  imports('src/kubernetes/a.ts', '../cluster/tables.ts'),
  imports('src/kubernetes/b.ts', './../cluster/tables.ts'),
  imports('src/kubernetes/c.ts', '../model/../cluster/tables.ts'),
  imports('src/kubernetes/objects/a.ts', '../watch/reflector.ts'),
  imports('src/kubernetes/objects/b.ts', 'node:http'),
  imports('src/kubernetes/watch/a.ts', '../../config/config.ts'),
  imports('src/kubernetes/watch/b.ts', '../../cluster/tables.ts'),
  imports('src/cluster/a.ts', '../kubernetes/source.ts'),
  importsType('src/cluster/b.ts', '../kubernetes/watch/reflector.ts'),
  imports('src/plan/a.ts', '../cluster/tables.ts'),
  imports('src/plan/b.ts', '../kernel/drivers.ts'),
  imports('src/plan/c.ts', '../kubernetes/objects/service.ts'),
  imports('src/plan/d.ts', 'node:os'),
  imports('src/reconcile/a.ts', '../kernel/drivers.ts'),
  importsType('src/reconcile/b.ts', '../kernel/ipvs/driver.ts'),
  importsType('src/reconcile/c.ts', '../netlink/transport.ts'),
  imports('src/kernel/a.ts', '../reconcile/reconciler.ts'),
  imports('src/kernel/rules/a.ts', '../ipset/driver.ts'),
  imports('src/kernel/ipset/a.ts', '../../plan/plan.ts'),
  imports('src/kernel/ipvs/a.ts', '../../native/addon.ts'),
  imports('src/netlink/a.ts', 'node:net'),
  imports('src/netlink/b-connection.ts', '../native/addon.ts'),
  importsType('src/netlink/c.ts', '../model/ip.ts'),
  imports('src/native/a.ts', '../netlink/errors.ts'),
  imports('src/cli/a.ts', '../kernel/drivers.ts'),
  imports('src/cli/b.ts', 'node:fs'),
  importsType('src/cli/c.ts', '../plan/plan.ts'),
  imports('src/cli/diff/d.ts', '../explain/facts.ts'),
  importsType('src/new-folder/a.ts', '../model/ip.ts'),
  importsType('src/model/d.ts', '../app/main.ts'),
];

const otherViolations: readonly Violation[] = [
  ['src/plan/clock.ts', 'export const now = () => Date.now();\n', 'eslint(no-restricted-properties)'],
  ['src/model/random.ts', 'export const dice = () => Math.random();\n', 'eslint(no-restricted-properties)'],
  ['src/plan/environment.ts', 'export const home = () => process.env.HOME;\n', 'eslint(no-restricted-globals)'],
  ['src/reconcile/timer.ts', 'export const wait = () => setTimeout(() => {}, 1);\n', 'eslint(no-restricted-globals)'],
  ['src/observe/any.ts', 'export const loose = (value: any) => value;\n', 'typescript(no-explicit-any)'],
  ['src/observe/default.ts', 'export default 1;\n', 'import(no-default-export)'],
  ['src/observe/long-code.ts', `export {};\n${'void 0;\n'.repeat(401)}`, 'eslint(max-lines)'],
  [
    'src/observe/cycle-one.ts',
    "import { two } from './cycle-two.ts';\nexport const one = () => two;\n",
    'import(no-cycle)',
  ],
  [
    'src/observe/cycle-two.ts',
    "import type { one } from './cycle-one.ts';\nexport const two = (x: typeof one) => x;\n",
    'import(no-cycle)',
  ],
  [
    'src/observe/floating.ts',
    'const later = async () => 1;\nexport const go = () => {\n  later();\n};\n',
    'typescript(no-floating-promises)',
  ],
  [
    'src/observe/misused.ts',
    'const later = async () => true;\nexport const go = () => (later() ? 1 : 2);\n',
    'typescript(no-misused-promises)',
  ],
  [
    'src/observe/switch.ts',
    "export function go(kind: 'a' | 'b'): void {\n  switch (kind) {\n    case 'a':\n      go('b');\n  }\n}\n",
    'typescript(switch-exhaustiveness-check)',
  ],
  [
    'src/observe/sort.ts',
    'export const up = (ports: number[]) => ports.sort();\n',
    'typescript(require-array-sort-compare)',
  ],
  ['src/observe/text.ts', 'export const say = (value: object) => String(value);\n', 'typescript(no-base-to-string)'],
  [
    'src/observe/word.ts',
    'export const say = (value: object) => `${value}`;\n',
    'typescript(restrict-template-expressions)',
  ],
  [
    'src/observe/loose.ts',
    'export const later = (map: Map<string, string>) => map.get;\n',
    'typescript(unbound-method)',
  ],
  ['src/observe/spread.ts', 'export const all = (text: string) => [...text];\n', 'typescript(no-misused-spread)'],
  ['src/observe/unused.ts', 'const nobody = 1;\nexport {};\n', 'eslint(no-unused-vars)'],
  ['test/unit/empty.test.ts', "import { it } from '@jest/globals';\nit('a', () => {});\n", 'jest(expect-expect)'],
  [
    'test/unit/unawaited.test.ts',
    "import { expect, it } from '@jest/globals';\nit('a', () => {\n  expect(Promise.resolve(1)).resolves.toBe(2);\n});\n",
    'jest(valid-expect)',
  ],
  [
    'test/unit/any-error.test.ts',
    "import { expect, it } from '@jest/globals';\nit('a', () => expect(() => JSON.parse('')).toThrow());\n",
    'jest(require-to-throw-message)',
  ],
  [
    'test/unit/focused.test.ts',
    "import { expect, it } from '@jest/globals';\nit.only('a', () => expect(1).toBe(1));\n",
    'jest(no-focused-tests)',
  ],
  [
    'test/unit/skipped.test.ts',
    "import { expect, it } from '@jest/globals';\nit.skip('a', () => expect(1).toBe(1));\n",
    'jest(no-disabled-tests)',
  ],
];

/** As the tree has them; none may be reported. */
const allowedArrows: readonly Violation[] = [
  imports('src/model/ok.ts', 'ipaddr.js'),
  imports('src/config/ok.ts', '../model/ip.ts'),
  imports('src/kubernetes/objects/ok.ts', '../../model/ip.ts'),
  imports('src/kubernetes/watch/ok.ts', '../objects/service.ts'),
  importsType('src/kubernetes/watch/ok-type.ts', '../../config/config.ts'),
  imports('src/kubernetes/watch/ok-node.ts', 'node:fs/promises'),
  imports('src/cluster/ok.ts', '../kubernetes/objects/service.ts'),
  importsType('src/plan/ok.ts', '../cluster/tables.ts'),
  imports('src/plan/ok-config.ts', '../config/config.ts'),
  imports('src/reconcile/ok.ts', '../plan/plan.ts'),
  importsType('src/reconcile/ok-type.ts', '../kernel/drivers.ts'),
  imports('src/kernel/ipvs/ok.ts', '../../netlink/errors.ts'),
  imports('src/kernel/ipvs/ok-kernel.ts', '../errors.ts'),
  imports('src/kernel/sysctl/ok.ts', 'node:fs'),
  importsType('src/netlink/ok-connection.ts', '../native/addon.ts'),
  imports('src/app/ok.ts', '../kernel/ipvs/driver.ts'),
  imports('src/cli/run-ok.ts', 'node:fs'),
  imports('src/cli/plan/ok.ts', '../tool-syntax.ts'),
];

const reports = new Map<string, string[]>();
let tree = '';

beforeAll(() => {
  tree = mkdtempSync(join(tmpdir(), 'lint-rules-'));
  for (const file of ['.oxlintrc.json', 'tsconfig.json']) {
    cpSync(join(root, file), join(tree, file));
  }
  symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'));
  for (const [path, text] of [...forbiddenArrows, ...otherViolations, ...allowedArrows]) {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), text);
  }
  const { stdout } = spawnSync(oxlint, ['--type-aware', '-f', 'json', 'src', 'test'], { cwd: tree, encoding: 'utf8' });
  for (const { filename, code } of JSON.parse(stdout).diagnostics) {
    reports.set(filename, [...(reports.get(filename) ?? []), code]);
  }
});

afterAll(() => rmSync(tree, { recursive: true, force: true }));

describe('lint rules', () => {
  it.each(forbiddenArrows)('%s may not: %j', (path, _text, rule) => {
    expect(reports.get(path)).toContain(rule);
  });

  it.each(otherViolations)('%s is reported', (path, _text, rule) => {
    expect(reports.get(path)).toContain(rule);
  });

  it.each(allowedArrows)('%s may: %j', (path) => {
    expect(reports.get(path) ?? []).not.toContain('eslint(no-restricted-imports)');
  });

  it('the command fails when a rule is broken', () => {
    expect(() => execFileSync(oxlint, ['src/model'], { cwd: tree, stdio: 'pipe' })).toThrow(/Command failed/);
  });
});
