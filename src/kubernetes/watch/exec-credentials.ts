import type { Clock } from '../../model/clock.ts';
import { type ExecCredential, type ExecPluginSettings, runExecPlugin } from './exec-plugin.ts';

/** How long a credential plugin may take. */
const pluginDeadlineMs = 60_000;
/** A credential is renewed so long before it ends, or when a tenth of its time is left if that is later. */
const longestMarginMs = 60_000;
/** A plugin that gives credentials which have ended is not asked more often than this. */
const shortestLifeMs = 10_000;

/** A plugin's credential and when to ask for the next one. */
export interface RenewableCredential extends ExecCredential {
  /** Wall-clock time in milliseconds since 1970; absent when it does not expire. */
  readonly renewAtMs?: number;
}

/** Keeps what a credential plugin gave until shortly before it expires. */
export class ExecCredentials {
  readonly #settings: ExecPluginSettings;
  readonly #clock: Clock;
  #kept: RenewableCredential | undefined;

  constructor(settings: ExecPluginSettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
  }

  /** With `fresh` the plugin is asked whatever is kept. Rejects with `ExecPluginError`. */
  async read(fresh: boolean): Promise<RenewableCredential> {
    const isDue = (this.#kept?.renewAtMs ?? Number.POSITIVE_INFINITY) <= this.#clock.nowMs();
    if (this.#kept === undefined || fresh || isDue) {
      const given = await runExecPlugin(this.#settings, { clock: this.#clock, deadlineMs: pluginDeadlineMs });
      this.#kept = withRenewal(given, this.#clock.nowMs());
    }
    return this.#kept;
  }
}

function withRenewal(credential: ExecCredential, nowMs: number): RenewableCredential {
  const { expiresAtMs } = credential;
  if (expiresAtMs === undefined) return credential;
  const lifeMs = expiresAtMs - nowMs;
  const marginMs = Math.min(longestMarginMs, lifeMs / 10);
  return { ...credential, renewAtMs: nowMs + Math.max(shortestLifeMs, lifeMs - marginMs) };
}
