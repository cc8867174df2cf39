import type { ServerChoice } from '../../src/kubernetes/watch/server-choice.ts';

/** The choice of API servers where there is only one. */
export function onlyServer(url: string): Pick<ServerChoice, 'current' | 'failed' | 'worked'> {
  return { current: { url, origin: 'configured' }, failed: () => {}, worked: () => {} };
}
