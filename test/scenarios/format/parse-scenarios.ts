import type { Expectation, ObjectChange, Scenario, Step } from './scenario.ts';
import type { Block, SourceLine } from './source-line.ts';
import { objectKey } from './manifest-object.ts';
import { manyEndpoints } from './many-endpoints.ts';
import { changedState, stateOf } from './parse-state.ts';
import { kindOfKeyword, namespacedName, parseObject } from './parse-object.ts';
import { ScenarioError } from './scenario-error.ts';
import { blocksOf, sourceLines } from './source-line.ts';
import { Words } from './words.ts';

const titlePattern = /^=== (\S.*)$/;

/** Reads all scenarios of a file. Throws `ScenarioError`, which names file and line. */
export function parseScenarios(file: string, text: string): readonly Scenario[] {
  const scenarios: Scenario[] = [];
  let pending: { head: SourceLine; lines: SourceLine[] } | undefined;
  const finish = () => {
    if (pending !== undefined) scenarios.push(parseScenario(file, pending.head, pending.lines));
  };
  for (const line of sourceLines(text)) {
    if (titlePattern.test(line.text)) {
      finish();
      pending = { head: line, lines: [] };
    } else if (pending === undefined) {
      throw new ScenarioError(file, line.number, 'a scenario begins with "=== TITLE"');
    } else {
      pending.lines.push(line);
    }
  }
  finish();
  requireDistinctNames(file, scenarios);
  return scenarios;
}

function requireDistinctNames(file: string, scenarios: readonly Scenario[]): void {
  const names = new Set<string>();
  for (const { name, line } of scenarios) {
    if (names.has(name)) throw new ScenarioError(file, line, `there are two scenarios "${name}"`);
    names.add(name);
  }
}

function parseScenario(file: string, head: SourceLine, lines: readonly SourceLine[]): Scenario {
  const draft = new ScenarioDraft(file, head.number);
  for (const block of blocksOf(lines)) draft.take(block);
  return draft.finish(titlePattern.exec(head.text)?.[1] ?? '');
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] };

/** Parts of a step in the order in which they happen, and so in which they have to be written. */
const order = [
  'then',
  'restart',
  'kernel',
  'connections',
  'flow',
  'fail',
  'interfaces',
  'objects',
  'audit',
  'wait',
  'expect',
  'writes',
];

/** Collects a scenario block by block. */
class ScenarioDraft {
  readonly #file: string;
  readonly #line: number;
  readonly #flags: string[] = [];
  #proxierYaml = '';
  #historyMatters = '';
  readonly #steps: Mutable<Step>[] = [];
  #phase = 0;

  constructor(file: string, line: number) {
    this.#file = file;
    this.#line = line;
    this.#steps.push(emptyStep('', line));
  }

  take(block: Block): void {
    const { text, number } = block.head;
    const space = text.indexOf(' ');
    const keyword = space < 0 ? text : text.slice(0, space);
    const rest = space < 0 ? '' : text.slice(space + 1).trim();
    if (text.startsWith(' ')) this.#fail(number, 'this line is indented and belongs to nothing');
    if (this.#takeSetting(keyword, rest, block)) return;
    if (keyword === 'then') this.#nextStep(rest, number);
    else this.#takePart(keyword, rest, block);
  }

  finish(name: string): Scenario {
    const [, ...later] = this.#steps;
    for (const step of this.#steps) {
      if (step.expectation === undefined && step.writes === undefined) {
        this.#fail(step.line, 'this step expects nothing: add "expect" or "writes"');
      }
    }
    if (this.#steps.at(-1)?.expectation === undefined) this.#fail(this.#line, 'the last step needs "expect"');
    const byOthers = later.find((step) =>
      [step.commands, step.connections, step.flows, step.failures].some((list) => list.length > 0),
    );
    if (byOthers !== undefined && this.#historyMatters === '') {
      this.#fail(byOthers.line, 'this step is more than objects: say "history matters: WHY" at the top');
    }
    return {
      name,
      file: this.#file,
      line: this.#line,
      flags: this.#flags,
      proxierYaml: this.#proxierYaml,
      historyMatters: this.#historyMatters,
      steps: this.#steps,
    };
  }

  get #step(): Mutable<Step> {
    return this.#steps.at(-1) as Mutable<Step>; // there is always one
  }

  #nextStep(title: string, line: number): void {
    this.#steps.push(emptyStep(title, line));
    this.#phase = 0;
  }

  #takeSetting(keyword: string, rest: string, { head, body }: Block): boolean {
    if (keyword !== 'flags' && keyword !== 'proxier' && keyword !== 'history') return false;
    if (this.#steps.length > 1 || this.#phase > 0) this.#fail(head.number, `"${keyword}" goes before everything else`);
    if (keyword === 'flags') this.#flags.push(...rest.split(/\s+/));
    else if (keyword === 'proxier') this.#proxierYaml = body.map((line) => line.text.slice(2)).join('\n');
    else
      this.#historyMatters =
        /^matters: (.+)$/.exec(rest)?.[1] ?? this.#fail(head.number, 'expected "history matters: WHY"');
    return true;
  }

  #takePart(keyword: string, rest: string, block: Block): void {
    const { number } = block.head;
    const phase = order.indexOf(
      keyword in kindOfKeyword || ['object', 'slices', 'delete'].includes(keyword) ? 'objects' : keyword,
    );
    if (phase < 0) this.#fail(number, `unknown keyword "${keyword}"`);
    if (phase < this.#phase) this.#fail(number, `"${keyword}" happens before "${order[this.#phase]}": move it up`);
    this.#phase = phase;
    if (order[phase] === 'objects') this.#takeObject(keyword, rest, block);
    else this.#takeEvent(keyword, rest, block);
  }

  #takeEvent(keyword: string, rest: string, block: Block): void {
    const step = this.#step;
    const { number } = block.head;
    if (keyword === 'restart') step.restart = true;
    else if (keyword === 'kernel') step.commands.push(...block.body.map((line) => line.text.trim()));
    else if (keyword === 'connections') step.connections.push(connectionCount(this.#file, number, rest));
    else if (keyword === 'flow') step.flows.push(rest);
    else if (keyword === 'fail') step.failures.push(rest);
    else if (keyword === 'interfaces') step.interfaces = rest.split(/\s+/).filter((word) => word !== '');
    else if (keyword === 'audit') step.audit = true;
    else if (keyword === 'wait')
      step.waitMs = durationMs(rest) ?? this.#fail(number, `"${rest}" is no time such as 5s or 10m`);
    else if (keyword === 'expect') step.expectation = this.#expectation(rest, block);
    else
      step.writes = [rest === '' || rest === 'none' ? [] : [rest], block.body.map((line) => line.text.trim())]
        .flat()
        .sort();
  }

  #takeObject(keyword: string, rest: string, block: Block): void {
    const { number } = block.head;
    for (const change of this.#changes(keyword, rest, block)) {
      const name = changeName(change);
      if (this.#step.changes.some((known) => changeName(known) === name))
        this.#fail(number, `${name} changes twice in this step`);
      this.#step.changes.push(change);
    }
  }

  #changes(keyword: string, rest: string, block: Block): readonly ObjectChange[] {
    if (keyword === 'slices') {
      return manyEndpoints(this.#file, block.head).map((object) => ({ kind: 'put', object }));
    }
    if (keyword !== 'delete') return [{ kind: 'put', object: parseObject(this.#file, block) }];
    const [word = '', name = '', ...more] = rest.split(/\s+/);
    const resource = kindOfKeyword[word];
    if (resource === undefined || name === '' || more.length > 0) {
      return this.#fail(block.head.number, 'expected "delete service|slice|node NAME"');
    }
    const named = namespacedName(name);
    return [{ kind: 'delete', resource, key: resource === 'Node' ? name : `${named.namespace}/${named.name}` }];
  }

  #expectation(rest: string, { head, body }: Block): Expectation {
    const previous = this.#steps.findLast((step) => step.expectation !== undefined)?.expectation?.state;
    if (rest === '') return { line: head.number, state: stateOf(this.#file, body) };
    if (previous === undefined) return this.#fail(head.number, `"expect ${rest}" needs an expectation before it`);
    if (rest === 'changes') return { line: head.number, state: changedState(this.#file, previous, body) };
    if (rest === 'unchanged' && body.length === 0) return { line: head.number, state: previous };
    return this.#fail(head.number, 'expected "expect", "expect changes" or "expect unchanged"');
  }

  #fail(line: number, problem: string): never {
    throw new ScenarioError(this.#file, line, problem);
  }
}

function emptyStep(title: string, line: number): Mutable<Step> {
  return {
    title,
    line,
    restart: false,
    commands: [],
    connections: [],
    flows: [],
    failures: [],
    interfaces: undefined,
    changes: [],
    audit: false,
    waitMs: 0,
    expectation: undefined,
    writes: undefined,
  };
}

function changeName(change: ObjectChange): string {
  if (change.kind === 'delete') return `${change.resource} ${change.key}`;
  return `${change.object.kind} ${objectKey(change.object)}`;
}

/** `-t 10.96.0.1:80 -r 10.244.1.5:8080 active=1 inactive=0`. */
function connectionCount(file: string, line: number, text: string) {
  const words = new Words(file, line, text);
  const [protocol = '', virtualServer = '', r, realServer = ''] = words.bare;
  if (r !== '-r' || words.bare.length !== 4)
    words.fail('expected "-t ADDRESS:PORT -r ADDRESS:PORT active=N inactive=N"');
  const count = {
    virtualServer: `${protocol} ${virtualServer}`,
    realServer,
    active: words.number('active') ?? 0,
    inactive: words.number('inactive') ?? 0,
  };
  words.end();
  return count;
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

function durationMs(text: string): number | undefined {
  const [, number = '', unit = ''] = /^(\d+)(ms|s|m|h)$/.exec(text) ?? [];
  const factor = unitMs[unit];
  return factor === undefined ? undefined : Number(number) * factor;
}
