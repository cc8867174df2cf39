import type { ObjectChange, Scenario, Step } from '../format/scenario.ts';
import type { World } from './world.ts';
import { objectKey } from '../format/manifest-object.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { ApiObjects } from './api-objects.ts';
import { difference } from './difference.ts';
import { impliedLines } from './implied-lines.ts';
import { configOf, Program } from './program.ts';

/**
 * How objects arrive. `reversed`: the last first, and slices before their Services. `split`: each in a round of its own.
 * `squashed`: only as they are at the end. `doubled`: every event and every round twice.
 */
export const variants = ['as written', 'reversed', 'split', 'squashed', 'doubled'] as const;
export type Variant = (typeof variants)[number];

/** Changes of one step that is split get rounds of their own, or share them where there are more than this. */
const mostRounds = 12;

/** Node and interfaces of a scenario that does not name others. */
const usualInterfaces = ['192.168.0.10', 'fd00:168::10'];
const usualNode: ObjectChange = {
  kind: 'put',
  object: {
    kind: 'Node',
    metadata: { name: 'node-1' },
    status: { addresses: usualInterfaces.map((address) => ({ type: 'InternalIP', address })) },
  },
};

/**
 * Plays a scenario and compares the kernel with it after each step. Returns the first difference, with file and line of
 * what was expected; empty when there is none.
 */
export async function play(scenario: Scenario, world: World, variant: Variant = 'as written'): Promise<string> {
  const player = new Player(scenario, world, variant);
  await player.start();
  const steps = variant === 'squashed' ? [squash(scenario)] : scenario.steps;
  for (const [index, step] of steps.entries()) {
    const wrong = await player.step(step, index === 0);
    if (wrong !== '') return wrong;
  }
  return await player.furtherWrites();
}

class Player {
  readonly #scenario: Scenario;
  readonly #world: World;
  readonly #variant: Variant;
  readonly #clock = new ManualClock();
  readonly #objects = new ApiObjects();
  #program: Program;

  constructor(scenario: Scenario, world: World, variant: Variant) {
    this.#scenario = scenario;
    this.#world = world;
    this.#variant = variant;
    this.#program = this.#startProgram();
  }

  async start(): Promise<void> {
    await this.#world.setInterfaces(usualInterfaces);
    this.#objects.apply(usualNode);
  }

  /** Returns what differs after the step. */
  async step(step: Step, isFirst: boolean): Promise<string> {
    if (step.commands.length > 0) await this.#world.runCommands(step.commands);
    for (const count of step.connections) this.#world.setConnections(count);
    if (step.flows.length > 0) await this.#world.addFlows(step.flows);
    for (const description of step.failures) this.#world.failOnce(description);
    if (step.interfaces !== undefined) await this.#world.setInterfaces(step.interfaces);
    if (step.restart) this.#program = this.#startProgram();
    else if (step.interfaces !== undefined) this.#program.interfacesChanged();
    this.#world.takeWrites();
    if (isFirst || step.restart) await this.#listAll(step);
    else await this.#sendAll(step.changes);
    await this.#round(step.audit);
    if (step.waitMs > 0) await this.#program.wait(step.waitMs);
    return await this.#compare(step);
  }

  /** The end is an end: neither a further round nor a look at the kernel finds anything to do. */
  async furtherWrites(): Promise<string> {
    this.#world.takeWrites();
    await this.#program.round();
    await this.#program.round(true);
    const writes = this.#world.takeWrites();
    return writes.length === 0
      ? ''
      : `${this.#place(this.#scenario.line)}: a further round wrote\n  ${writes.join('\n  ')}`;
  }

  #startProgram(): Program {
    return new Program(this.#world, configOf(this.#scenario), this.#clock);
  }

  /** As on a start: listings first. Splitting them shows the program an empty cluster, which is no start of a node in use. */
  async #listAll({ changes, commands, restart }: Step): Promise<void> {
    const sink = this.#program.tables;
    const splits = this.#variant === 'split' && commands.length === 0 && !restart;
    if (splits) {
      this.#objects.list(sink, false);
      await this.#sendAll(changes);
      return;
    }
    for (const change of changes) this.#objects.apply(change);
    this.#objects.list(sink, this.#variant === 'reversed');
    if (this.#variant === 'doubled') this.#objects.list(sink, false);
  }

  async #sendAll(changes: readonly ObjectChange[]): Promise<void> {
    const together = this.#variant === 'split' ? Math.ceil(changes.length / mostRounds) : Number.POSITIVE_INFINITY;
    for (const [index, change] of (this.#variant === 'reversed' ? changes.toReversed() : changes).entries()) {
      this.#objects.apply(change);
      this.#objects.send(change, this.#program.tables);
      if (this.#variant === 'doubled') this.#objects.send(change, this.#program.tables);
      if ((index + 1) % together === 0) await this.#round(false);
    }
  }

  async #round(audit: boolean): Promise<void> {
    await this.#program.round(audit);
    if (this.#variant === 'doubled') await this.#program.round(audit);
  }

  async #compare({ line, expectation, writes }: Step): Promise<string> {
    const written = [...this.#world.takeWrites()].sort();
    if (writes !== undefined && this.#variant === 'as written') {
      const wrong = difference(writes, written);
      if (wrong !== '') return `${this.#place(line)}: other writes than expected\n${wrong}`;
    }
    if (expectation === undefined) return '';
    const told = [...this.#program.told(), ...this.#objects.told()];
    const actual = [...(await this.#world.read()), ...told];
    const expected = [
      ...expectation.state.filter((each) => !/^(masquerade|refused|leaving|left) /.test(each)),
      ...impliedLines(expectation.state),
    ];
    const wrong = difference(this.#comparable(expected), this.#comparable(actual));
    return wrong === '' ? '' : `${this.#place(expectation.line)}: the state differs\n${wrong}`;
  }

  /** Real servers that drain depend on the way; where the way is another one, they do not count. */
  #comparable(state: readonly string[]): readonly string[] {
    const strict = this.#variant === 'as written' || this.#variant === 'doubled';
    const compared = strict ? state : state.filter((line) => !/^-a .* -w 0$/.test(line));
    return compared.map((line) => this.#world.normalize(line));
  }

  #place(line: number): string {
    return `${this.#scenario.file}:${line}: ${this.#scenario.name} (${this.#variant})`;
  }
}

/** The last objects only, on the kernel and the interfaces of the scenario. */
function squash({ steps }: Scenario): Step {
  const [first, last] = [steps[0], steps.at(-1)] as [Step, Step]; // there is at least one
  const changes = new Map<string, ObjectChange>();
  for (const change of steps.flatMap((step) => step.changes)) {
    const key =
      change.kind === 'put' ? `${change.object.kind} ${objectKey(change.object)}` : `${change.resource} ${change.key}`;
    changes.set(key, change);
  }
  return {
    ...first,
    interfaces: steps.findLast((step) => step.interfaces !== undefined)?.interfaces,
    changes: [...changes.values()],
    expectation: last.expectation,
    writes: undefined,
  };
}
