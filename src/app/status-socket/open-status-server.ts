import type { ClusterTables } from '../../cluster/tables.ts';
import type { Clock } from '../../model/clock.ts';
import type { DrainingLine } from '../../model/status-protocol.ts';
import type { Klog } from '../../observe/klog.ts';
import type { DrainingServers } from '../../reconcile/retirer.ts';
import { programVersion } from '../version.ts';
import type { HolderOf } from './service-line.ts';
import { StatusServer } from './status-server.ts';

export interface OpenStatusServerOptions {
  /** Path of the socket; empty for none. */
  readonly path: string;
  readonly nodeName: string;
  readonly tables: ClusterTables;
  readonly holderOf: HolderOf;
  /** What drains right now. */
  readonly draining: () => Iterable<DrainingServers>;
  readonly clock: Clock;
  readonly klog: Klog;
}

/** Starts to answer tools on this node; returns what ends it. */
export function openStatusServer(options: OpenStatusServerOptions): () => Promise<void> {
  const { path, nodeName, tables, holderOf, draining, clock, klog } = options;
  if (path === '') return () => Promise.resolve();
  const lines = () => drainingLines(draining(), clock.monotonicMs());
  const source = { nodeName, program: programVersion, tables, holderOf, draining: lines };
  const server = new StatusServer({ path, source, clock, log: klog.named('app/status-socket/status-server.ts') });
  void server.start(); // it never rejects
  return () => server.stop();
}

/** Virtual servers of firewall marks, which are not ours, do not drain. */
export function* drainingLines(draining: Iterable<DrainingServers>, nowMs: number): Generator<DrainingLine> {
  for (const { virtualServer, realServers } of draining) {
    const { identity } = virtualServer;
    if (identity.kind !== 'address' || realServers.length === 0) continue;
    const { protocol, address, port } = identity;
    const servers = realServers.map(({ realServer, sinceMs, goneSinceMs }) => ({
      address: realServer.address,
      port: realServer.port,
      forSeconds: secondsSince(sinceMs, nowMs),
      ...(goneSinceMs !== undefined && { goneForSeconds: secondsSince(goneSinceMs, nowMs) }),
    }));
    yield { kind: 'draining', protocol, address, port, realServers: servers };
  }
}

function secondsSince(thenMs: number, nowMs: number): number {
  return Math.max(0, Math.floor((nowMs - thenMs) / 1000));
}
