import { terminalOf } from '../../cli/terminal.ts';
import type { Picture, TakePicture } from '../../cli/services/run-services.ts';
import type { ServicesOptions } from '../../cli/services/services-options.ts';
import { servicesTable } from '../../cli/services/services-table.ts';
import { type RatedVirtualServer, TrafficMeter } from '../../cli/services/traffic-rates.ts';
import { rowsPerPage, watchFrame } from '../../cli/services/watch-frame.ts';
import { afterKey, initialState, type WatchState } from '../../cli/services/watch-state.ts';
import { LiveScreen, type LiveScreenOptions, type ScreenInput, type ScreenOutput } from './live-screen.ts';
import { tableTerminal } from './table-terminal.ts';

/** What watching needs of the process. */
export interface WatchIo {
  readonly input: ScreenInput;
  readonly output: ScreenOutput & { readonly isTTY?: boolean };
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly writeOutput: (text: string) => void;
  readonly writeError: (text: string) => void;
  /** Calls back once when the process is told to end, with its exit code then; returns what undoes it. */
  readonly onEnd: (listener: (exitCode: number) => void) => () => void;
  readonly now: () => Date;
  readonly writeLast?: LiveScreenOptions['writeLast'];
}

type WatchOptions = Pick<ServicesOptions, 'intervalMs' | 'count' | 'output'>;

/** Shows one picture after the other: on a screen where there is a terminal, else one below the other. The exit code. */
export async function watchServices(options: WatchOptions, takePicture: TakePicture, io: WatchIo): Promise<number> {
  const isLive = io.output.isTTY === true && io.environment['TERM'] !== 'dumb';
  return isLive ? await new LiveView(options, takePicture, io).run() : await repeat(options, takePicture, io);
}

async function repeat(options: WatchOptions, takePicture: TakePicture, io: WatchIo): Promise<number> {
  const { intervalMs, count = Number.POSITIVE_INFINITY, output } = options;
  const wait = new Wait();
  let exitCode = 0;
  const forget = io.onEnd((code) => {
    exitCode = code;
    wait.end();
  });
  let told = '';
  for (let shown = 0; shown < count && !wait.isOver; shown++) {
    if (shown > 0) await wait.for(intervalMs);
    if (wait.isOver) break;
    const { view, notice } = await takePicture();
    if (notice !== told && notice !== '') io.writeError(`ipvs-status: ${notice}\n`);
    told = notice;
    const terminal = tableTerminal(io.output, io.environment);
    const separator = shown === 0 ? '' : '\n';
    io.writeOutput(`${separator}${timeText(io.now())}\n${servicesTable(view, { terminal, wide: output === 'wide' })}`);
  }
  forget();
  return exitCode;
}

/** The live view: takes pictures, draws frames, and follows keys until it is to end. */
class LiveView {
  readonly #options: WatchOptions;
  readonly #takePicture: TakePicture;
  readonly #io: WatchIo;
  readonly #screen: LiveScreen;
  readonly #meter = new TrafficMeter();
  readonly #wait = new Wait();
  #state: WatchState = initialState;
  #rated: readonly RatedVirtualServer[] = [];
  #picture: Picture = { view: [], node: '', notice: 'reading' };
  #takenAt: Date;
  #exitCode = 0;

  constructor(options: WatchOptions, takePicture: TakePicture, io: WatchIo) {
    this.#options = options;
    this.#takePicture = takePicture;
    this.#io = io;
    this.#takenAt = io.now();
    this.#screen = new LiveScreen({
      input: io.input,
      output: io.output,
      onKey: (key) => this.#key(key),
      onResize: () => this.#draw(),
      onGone: () => this.#wait.end(),
      ...(io.writeLast !== undefined && { writeLast: io.writeLast }),
    });
  }

  async run(): Promise<number> {
    const { intervalMs, count = Number.POSITIVE_INFINITY } = this.#options;
    await this.#take(); // what cannot be shown at all is told without a screen
    const forget = this.#io.onEnd((code) => {
      this.#exitCode = code;
      this.#screen.close();
      this.#wait.end();
    });
    try {
      this.#screen.open();
      for (let shown = 1; !this.#wait.isOver; shown++) {
        this.#draw();
        if (shown >= count) break;
        await this.#wait.for(intervalMs);
        if (!this.#state.paused && !this.#wait.isOver) await this.#takeAgain();
      }
    } finally {
      this.#screen.close();
      forget();
    }
    return this.#exitCode;
  }

  async #take(): Promise<void> {
    this.#picture = await this.#takePicture();
    this.#takenAt = this.#io.now();
    this.#rated = this.#meter.take(this.#picture.view, performance.now());
  }

  /** A picture that cannot be taken leaves the last one on the screen, with the reason. */
  async #takeAgain(): Promise<void> {
    try {
      await this.#take();
    } catch (error) {
      this.#picture = { ...this.#picture, notice: error instanceof Error ? error.message : String(error) };
    }
  }

  #key(key: string): void {
    const next = afterKey(this.#state, key, rowsPerPage(this.#screen.rows));
    if (next === 'quit') return this.#wait.end();
    this.#state = next;
    this.#draw();
  }

  #draw(): void {
    const { environment } = this.#io;
    const { columns, rows } = this.#screen;
    const frame = watchFrame({
      rated: this.#rated,
      state: this.#state,
      terminal: terminalOf({ isTerminal: true, columns, environment }),
      rows,
      node: this.#picture.node,
      time: timeText(this.#takenAt),
      intervalMs: this.#options.intervalMs,
      notice: this.#picture.notice,
    });
    this.#state = frame.state;
    this.#screen.draw(frame.lines);
  }
}

/** Waiting that can be ended for good. */
class Wait {
  #isOver = false;
  #wake = () => {};

  get isOver(): boolean {
    return this.#isOver;
  }

  async for(milliseconds: number): Promise<void> {
    if (this.#isOver) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  end(): void {
    this.#isOver = true;
    this.#wake();
  }
}

/** `10:22:31`, in the time zone of this node. */
function timeText(time: Date): string {
  return time.toTimeString().slice(0, 8);
}
