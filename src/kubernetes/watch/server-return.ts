import type { Clock } from '../../model/clock.ts';
import type { ApiServer } from './api-server.ts';
import type { ServerChoice } from './server-choice.ts';

/** How often servers that are better than the one in use are looked at, while there are any. */
const everyMs = 30_000;

export interface ServerReturnOptions {
  readonly choice: Pick<ServerChoice, 'better' | 'isBest' | 'stillAway' | 'returnTo'>;
  /** Whether the server answers a request as it should. Never rejects. */
  readonly isServing: (server: ApiServer) => Promise<boolean>;
  readonly clock: Clock;
  /** Numbers from 0 to 1, 1 excluded; spreads the nodes of a cluster. */
  readonly random: () => number;
}

/**
 * Brings requests back to the best server: asks the better ones in the background, and moves only to one that has
 * answered. Running watches stay where they are until they end. Nothing runs while the best server is in use.
 */
export class ServerReturn {
  readonly #options: ServerReturnOptions;
  #cancel: (() => void) | undefined;
  #stopped = false;

  constructor(options: ServerReturnOptions) {
    this.#options = options;
  }

  /** To be called after every change of the choice. */
  arm(): void {
    const { choice, clock, random } = this.#options;
    if (this.#stopped || this.#cancel !== undefined || choice.isBest) return;
    this.#cancel = clock.schedule(everyMs * (1 + random()), () => {
      void this.#look().finally(() => {
        this.#cancel = undefined;
        this.arm();
      });
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }

  async #look(): Promise<void> {
    const { choice, isServing } = this.#options;
    for (const server of choice.better) {
      const serves = await isServing(server);
      if (this.#stopped) return;
      if (serves) return choice.returnTo(server);
      choice.stillAway(server);
    }
  }
}
