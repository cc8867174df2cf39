import { connect } from 'node:net';
import type { EndpointFacts } from '../../cli/explain/facts.ts';

export type EndpointAnswer = NonNullable<EndpointFacts['answer']>;

/** Most endpoints that are tried, all at once. */
const mostTried = 6;
/**
 * How long each has to accept. A connection within a cluster takes less than 10 ms, but a busy machine may lose the first
 * packet, which is sent again after a second: who waits for less calls a Pod silent that is not.
 */
const timeoutMs = 3_000;

/** Opens a TCP connection to each of the first endpoints, and closes it at once. */
export async function probeEndpoints(
  endpoints: readonly { readonly address: string; readonly port: number; readonly key: string }[],
): Promise<ReadonlyMap<string, EndpointAnswer>> {
  const tried = endpoints.slice(0, mostTried);
  const answers = await Promise.all(
    tried.map(async ({ address, port, key }) => [key, await probe(address, port)] as const),
  );
  return new Map(answers);
}

function probe(host: string, port: number): Promise<EndpointAnswer> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const settle = (answer: EndpointAnswer) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => settle('silent'), timeoutMs);
    socket.once('connect', () => settle('open'));
    socket.once('error', (error: NodeJS.ErrnoException) =>
      settle(error.code === 'ECONNREFUSED' ? 'refused' : 'unreachable'),
    );
  });
}
