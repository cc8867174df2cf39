import type { FlowTarget } from '../kernel/drivers.ts';
import type { RealServer, RealServerKey } from '../model/real-server.ts';
import type { VirtualServerKey } from '../model/virtual-server.ts';
import type { ServerTable } from './server-table.ts';

/** Real servers that are gone, or `any`: whatever the flows go to that is none of the virtual server. */
type Gone = Map<RealServerKey, RealServer> | 'any';

/** Which flows of UDP virtual servers may be stale. Pure memory. */
export class FlowNotes {
  readonly #gone = new Map<VirtualServerKey, Gone>();

  /** Number of virtual servers. */
  get size(): number {
    return this.#gone.size;
  }

  has(key: VirtualServerKey): boolean {
    return this.#gone.has(key);
  }

  hasAny(key: VirtualServerKey): boolean {
    return this.#gone.get(key) === 'any';
  }

  /** Flows that may go anywhere. */
  noteAny(key: VirtualServerKey): void {
    this.#gone.set(key, 'any');
  }

  /** Flows to a real server that is gone. */
  noteGone(key: VirtualServerKey, realServer: RealServer): void {
    const known = this.#gone.get(key);
    if (known === undefined) this.#gone.set(key, new Map([[realServer.key, realServer]]));
    else if (known !== 'any') known.set(realServer.key, realServer);
  }

  /** Takes over all notes of the other, which is empty then. */
  takeFrom(other: FlowNotes): void {
    for (const [key, gone] of other.#gone) {
      if (gone === 'any') this.noteAny(key);
      else for (const realServer of gone.values()) this.noteGone(key, realServer);
    }
    other.#gone.clear();
  }

  /**
   * What to look for in the kernel now. Nothing where the virtual server is gone, or has no real server that its clients
   * could go to instead; and no flows to a real server that has come back.
   */
  targets(table: Pick<ServerTable, 'observed'>): readonly FlowTarget[] {
    const targets: FlowTarget[] = [];
    for (const [key, gone] of this.#gone) {
      const observed = table.observed(key);
      const identity = observed?.virtualServer.identity;
      if (observed === undefined || identity?.kind !== 'address' || observed.realServers.size === 0) continue;
      const { address, port } = identity;
      if (gone === 'any') targets.push({ address, port });
      else {
        for (const realServer of gone.values()) {
          if (!observed.realServers.has(realServer.key)) targets.push({ address, port, realServer });
        }
      }
    }
    return targets;
  }
}
