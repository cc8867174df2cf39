import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ObjectChange } from '../../scenarios/format/scenario.ts';
import { parseScenarios } from '../../scenarios/format/parse-scenarios.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { ApiObjects } from '../../scenarios/run/api-objects.ts';
import { configOf, DueForEverError, Program } from '../../scenarios/run/program.ts';
import { type Happening, movingLife, objectChange, sharedLife, troubledLife } from './cluster-life.ts';
import { TroubledWorld } from './troubled-world.ts';

const usualInterfaces = ['192.168.0.10', 'fd00:168::10'];
const [plain] = parseScenarios('generated', '=== nothing\nexpect\n');
if (plain === undefined) throw new Error('there is one scenario');
const config = configOf(plain);

/** A node that lives through what happens. */
class Node {
  readonly world = new TroubledWorld();
  readonly objects = new ApiObjects();
  readonly #clock = new ManualClock();
  program: Program;

  constructor() {
    this.program = new Program(this.world, config, this.#clock);
  }

  async start(interfaces: readonly string[]): Promise<void> {
    await this.world.setInterfaces(interfaces);
    this.objects.list(this.program.tables, false);
    await this.round();
  }

  async live(happening: Happening): Promise<void> {
    switch (happening.kind) {
      case 'object':
      case 'delete':
        this.#change(objectChange(happening));
        break;
      case 'restart':
        this.program = new Program(this.world, config, this.#clock);
        this.objects.list(this.program.tables, false);
        break;
      case 'interfaces':
        await this.world.setInterfaces(happening.addresses);
        this.program.interfacesChanged();
        break;
      case 'failures':
        this.world.fail(happening.changes, happening.reads);
        break;
      case 'connections':
        this.world.setAllConnections(happening.count);
        break;
      case 'command':
        // What somebody else wants to change may be gone already.
        await this.world.runCommands([happening.line]).catch(() => undefined);
        break;
      case 'wait':
        await this.#wait(happening.seconds);
    }
    await this.round();
  }

  /** Trouble ends, connections end, and all the time passes that anything may wait for. */
  async rest(): Promise<void> {
    this.world.fail(0, 0);
    this.world.setAllConnections(0);
    await this.round();
    await this.#wait(60);
  }

  async round(): Promise<void> {
    await this.program.round().catch(() => undefined);
  }

  #change(change: ObjectChange | undefined): void {
    if (change === undefined) return;
    this.objects.apply(change);
    this.objects.send(change, this.program.tables);
  }

  /** A round that fails is repeated soon, as the daemon does it. */
  async #wait(seconds: number): Promise<void> {
    for (let elapsed = 0; elapsed < seconds; elapsed += 10) {
      await this.program.wait(Math.min(10, seconds - elapsed) * 1_000).catch(unlessDueForEver);
      await this.round();
    }
  }
}

/** Rounds may fail while there is trouble. */
function unlessDueForEver(error: unknown): void {
  if (error instanceof DueForEverError) throw error;
}

async function endsAsAColdStart(happenings: readonly Happening[]): Promise<void> {
  const node = new Node();
  await node.start(usualInterfaces);
  for (const happening of happenings) await node.live(happening);
  await node.rest();
  const cold = new Node();
  for (const change of happenings.map(objectChange)) if (change !== undefined) cold.objects.apply(change);
  const last = happenings.findLast((happening) => happening.kind === 'interfaces');
  await cold.start(last?.kind === 'interfaces' ? last.addresses : usualInterfaces);
  await cold.rest();
  expect([...(await node.world.read())].sort()).toEqual([...(await cold.world.read())].sort());
  expect([...node.program.told()].sort()).toEqual([...cold.program.told()].sort());
  node.world.takeWrites();
  await node.program.round(true);
  expect(node.world.takeWrites()).toEqual([]);
}

describe('whatever happens, the kernel ends as after a cold start with the last objects', () => {
  it('with failures, connections and new starts', async () => {
    await fc.assert(fc.asyncProperty(troubledLife, endsAsAColdStart), { numRuns: 100 });
  }, 120_000);

  it('with failures and other programs', async () => {
    await fc.assert(fc.asyncProperty(sharedLife, endsAsAColdStart), { numRuns: 60 });
  }, 120_000);

  it('with addresses that come and go', async () => {
    await fc.assert(fc.asyncProperty(movingLife, endsAsAColdStart), { numRuns: 60 });
  }, 120_000);
});
