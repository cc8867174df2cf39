import type { ProxierSettings } from '../../config/config.ts';

/** The settings of ours that are in force; they can be replaced while their users keep this object. */
export class LiveProxierSettings implements ProxierSettings {
  #current: ProxierSettings;

  constructor(initial: ProxierSettings) {
    this.#current = initial;
  }

  replace(next: ProxierSettings): void {
    this.#current = next;
  }

  get drainDeadlineMs(): number {
    return this.#current.drainDeadlineMs;
  }

  get drainUdpGraceMs(): number {
    return this.#current.drainUdpGraceMs;
  }

  get externalPolicyFallback(): ProxierSettings['externalPolicyFallback'] {
    return this.#current.externalPolicyFallback;
  }

  get auditPeriodMs(): number {
    return this.#current.auditPeriodMs;
  }

  get iptablesFlavour(): ProxierSettings['iptablesFlavour'] {
    return this.#current.iptablesFlavour;
  }

  get hashSourcePort(): NonNullable<ProxierSettings['hashSourcePort']> {
    return this.#current.hashSourcePort ?? 'byScheduler';
  }

  get answerPing(): boolean {
    return this.#current.answerPing ?? false;
  }

  get masqueradePorts(): ProxierSettings['masqueradePorts'] {
    return this.#current.masqueradePorts;
  }

  get traffic(): ProxierSettings['traffic'] {
    return this.#current.traffic;
  }

  get apiServer(): ProxierSettings['apiServer'] {
    return this.#current.apiServer;
  }

  get operation(): ProxierSettings['operation'] {
    return this.#current.operation;
  }

  get statusSocket(): string {
    return this.#current.statusSocket;
  }
}
