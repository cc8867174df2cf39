import type { Clock } from '../../model/clock.ts';
import { ApiError, ProtocolError } from './errors.ts';
import type { ApiClient, JsonAnswer } from './kube-client.ts';
import { sleep } from './sleep.ts';
import { TimeSlice } from './time-slice.ts';
import type { WatchedResource } from './watched-resource.ts';
import { requestPath } from './watched-resource.ts';

const largestPage = 500;
const smallestPage = 25;
/** How often a page is asked for again because the server asks for patience; the list would begin anew otherwise. */
const mostRetries = 5;
/** A page larger than this halves the next one: parsing it blocks the event loop. */
const comfortablePageBytes = 3 * 1024 * 1024;

export interface PagedListOptions {
  readonly client: ApiClient;
  readonly clock: Clock;
  /** Numbers from 0 to 1, 1 excluded; spreads those who wait. Absent means no spread. */
  readonly random?: () => number;
  readonly resource: WatchedResource;
  readonly signal: AbortSignal;
  readonly onItem: (item: unknown) => void;
}

/**
 * Lists everything in pages and resolves with the resource version to watch from. Rejects with what `ApiClient` and
 * `onItem` throw; the items of a list that was not completed mean nothing.
 */
export async function listPages(options: PagedListOptions): Promise<string> {
  const slice = new TimeSlice(options.clock);
  let limit = largestPage;
  let next = '';
  for (;;) {
    const parameters = { limit: String(limit), ...(next !== '' && { continue: next }) };
    const answer = await getPage(requestPath(options.resource, parameters), options);
    const page = pageOf(options.resource, answer.value);
    for (const item of page.items) {
      options.onItem(item);
      if (slice.isOver()) await slice.rest();
    }
    if (page.next === '') return page.resourceVersion;
    next = page.next;
    if (answer.sizeBytes > comfortablePageBytes) limit = Math.max(smallestPage, Math.floor(limit / 2));
  }
}

/** Waits as often as the server asks for it (429), up to a limit, and up to a fifth longer. */
async function getPage(
  path: string,
  { client, clock, random = () => 0, signal }: PagedListOptions,
): Promise<JsonAnswer> {
  for (let retries = 0; ; retries += 1) {
    try {
      return await client.getJson(path, signal);
    } catch (error) {
      const isBusy = error instanceof ApiError && error.status === 429 && error.retryAfterMs > 0;
      if (!isBusy || retries === mostRetries) throw error;
      await sleep(clock, error.retryAfterMs * (1 + random() / 5), signal);
    }
  }
}

interface Page {
  readonly items: readonly unknown[];
  readonly resourceVersion: string;
  /** Token for the page after it; empty on the last. */
  readonly next: string;
}

function pageOf(resource: WatchedResource, value: unknown): Page {
  const list = value as { readonly items?: unknown; readonly metadata?: Readonly<Record<string, unknown>> } | null;
  const resourceVersion = list?.metadata?.['resourceVersion'];
  const next = list?.metadata?.['continue'];
  const items = list?.items ?? [];
  if (typeof resourceVersion !== 'string' || resourceVersion === '' || !Array.isArray(items)) {
    throw new ProtocolError(`list ${resource.name}`, 'the answer is not a list with a resourceVersion');
  }
  return { items, resourceVersion, next: typeof next === 'string' ? next : '' };
}
