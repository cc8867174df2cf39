import type { NativeResult, NativeSocketOptions, NetlinkAddon } from '../../src/native/addon.ts';

/** An addon whose monitor calls back when told to. */
export function monitoringAddon() {
  const seen = {
    options: [] as NativeSocketOptions[],
    closed: [] as number[],
    tell: (_: NativeResult): void => undefined,
  };
  const unexpected = (): never => {
    throw new Error('not expected');
  };
  const addon: NetlinkAddon = {
    open: unexpected,
    close: unexpected,
    exchange: unexpected,
    exchangeSync: unexpected,
    dumpMany: unexpected,
    dumpManySync: unexpected,
    monitor: (options, listener) => {
      seen.tell = listener;
      return seen.options.push(options);
    },
    closeMonitor: (monitor) => seen.closed.push(monitor),
  };
  return { addon, seen };
}
