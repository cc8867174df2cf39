import type { OpenWatch, WatchBreak } from '../faults.ts';
import { invalidValue } from '../objects/field-error.ts';
import { present } from '../objects/event-conversion.ts';
import type { KubernetesObject } from '../objects/kubernetes-object.ts';
import type { Change, ObjectStore } from '../objects/object-store.ts';
import type { ObjectMatcher } from '../objects/selectors.ts';
import { expired, invalid, tooLargeResourceVersion } from '../objects/status.ts';
import type { BodyWriter } from './body-writer.ts';
import type { Exchange } from './exchange.ts';
import { byKey, requestedRevision, requestMatcher } from './list.ts';
import type { ResourceRequest } from './resource-request.ts';
import { isTrue } from './resource-request.ts';

export interface WatchStreamOptions {
  readonly store: ObjectStore;
  readonly exchange: Exchange;
  readonly request: ResourceRequest;
  readonly bookmarkIntervalMs: number;
}

/** How long a watch lives when the client names no timeout, in seconds: half an hour to an hour. */
const DEFAULT_TIMEOUT_SECONDS = 1800;

/** Serves one watch: objects of the beginning, changes, bookmarks, the end; and breaks on demand. */
export class WatchStream implements OpenWatch {
  readonly request: ResourceRequest;
  readonly #store: ObjectStore;
  readonly #exchange: Exchange;
  readonly #matches: ObjectMatcher;
  readonly #bookmarkIntervalMs: number;
  readonly #cleanups: (() => void)[] = [];
  #writer: BodyWriter | undefined;
  #linesSent = 0;
  #silent = false;
  #columnsSent = false;

  /** Throws 400 for selectors that do not parse, 422 for parameters that do not go together. */
  constructor(options: WatchStreamOptions) {
    this.request = options.request;
    this.#store = options.store;
    this.#exchange = options.exchange;
    this.#bookmarkIntervalMs = options.bookmarkIntervalMs;
    refuseBadParameters(options.request.query);
    this.#matches = requestMatcher(options.request);
  }

  /** Starts sending. `onClose` is called once, when the watch is over for whatever reason. Throws 504 for a version still to come. */
  start(onClose: () => void): void {
    const { query, resource } = this.request;
    const initial = this.#sendsInitialEvents;
    const revision = requestedRevision(query);
    if (initial && revision > this.#store.revision) throw tooLargeResourceVersion(revision, this.#store.revision);
    this.#exchange.response.on('close', () => {
      for (const cleanup of this.#cleanups.splice(0)) cleanup();
      onClose();
    });
    this.#writer = this.#exchange.startStream('application/json');
    this.#breakIfDue();
    if (initial || (revision === 0 && query.get('sendInitialEvents') !== 'false')) this.#sendCurrent(initial);
    else if (revision > 0 && !this.#replay(revision)) return;
    this.#cleanups.push(this.#store.subscribe(resource.storage, (change) => this.#sendChange(change)));
    this.#startTimers();
  }

  break(how: WatchBreak): void {
    switch (how) {
      case 'cut':
        this.#exchange.response.socket?.destroy();
        return;
      case 'end':
        this.#end();
        return;
      case 'stall':
        this.#silent = true;
        return;
      case 'expire':
        this.#expire('The resourceVersion for the provided watch is too old.');
        return;
      case 'corrupt':
        this.sendLine('{"type":"MODIFIED","object":{"kind":');
        return;
      default:
        how satisfies never;
    }
  }

  sendLine(text: string): void {
    if (this.#silent) return;
    this.#writer?.write(`${text}\n`);
    this.#linesSent += 1;
    this.#breakIfDue();
  }

  sendBookmark(): void {
    if (isTrue(this.request.query.get('allowWatchBookmarks'))) this.#sendBookmark(false);
  }

  get #sendsInitialEvents(): boolean {
    const ignored = this.#exchange.faults.some((fault) => fault.kind === 'ignoreSendInitialEvents');
    return this.request.query.get('sendInitialEvents') === 'true' && !ignored;
  }

  #sendCurrent(withMark: boolean): void {
    const objects = [...this.#store.values(this.request.resource.storage)].sort(byKey);
    for (const object of objects) {
      const shown = present(this.request.resource, object);
      if (this.#matches(shown)) this.#sendEvent('ADDED', shown);
    }
    if (withMark && isTrue(this.request.query.get('allowWatchBookmarks'))) this.#sendBookmark(true);
  }

  /** Sends what happened after a version; false when that is forgotten and the watch is over. */
  #replay(revision: number): boolean {
    const changes = this.#store.changesSince(this.request.resource.storage, revision);
    if (changes === undefined) {
      this.#expire(`too old resource version: ${revision} (${this.#store.revision})`);
      return false;
    }
    for (const change of changes) this.#sendChange(change);
    return true;
  }

  /** A change can move an object into or out of what the client selects. */
  #sendChange(change: Change): void {
    const { resource } = this.request;
    const object = present(resource, change.object);
    const previous = change.previous === undefined ? undefined : present(resource, change.previous);
    const was = previous !== undefined && this.#matches(previous);
    const is = change.type !== 'DELETED' && this.#matches(object);
    if (is) return this.#sendEvent(was ? 'MODIFIED' : 'ADDED', object);
    if (!was) return;
    const { resourceVersion = '' } = change.object.metadata;
    this.#sendEvent('DELETED', { ...previous, metadata: { ...previous.metadata, resourceVersion } });
  }

  #sendEvent(type: string, object: KubernetesObject): void {
    const { resourceVersion } = object.metadata;
    const shaped = this.#exchange.shape(this.request.resource, object, { resourceVersion }, !this.#columnsSent);
    this.#columnsSent = true;
    this.sendLine(JSON.stringify({ type, object: shaped }));
  }

  #sendBookmark(endsInitialEvents: boolean): void {
    const { kind, apiVersion } = this.request.resource;
    const annotations = endsInitialEvents ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {};
    const metadata = { resourceVersion: String(this.#store.revision), creationTimestamp: null, ...annotations };
    this.sendLine(JSON.stringify({ type: 'BOOKMARK', object: { kind, apiVersion, metadata } }));
  }

  #expire(message: string): void {
    this.sendLine(JSON.stringify({ type: 'ERROR', object: expired(message).status }));
    this.#end();
  }

  #end(): void {
    for (const cleanup of this.#cleanups.splice(0)) cleanup();
    this.#silent = true;
    this.#writer?.end();
  }

  #startTimers(): void {
    const asked = Number(this.request.query.get('timeoutSeconds') ?? 0);
    const seconds = asked > 0 ? asked : DEFAULT_TIMEOUT_SECONDS * (1 + Math.random());
    const bookmarks = setInterval(() => this.sendBookmark(), this.#bookmarkIntervalMs);
    const timeout = setTimeout(() => {
      this.sendBookmark();
      if (!this.#silent) this.#end();
    }, seconds * 1000);
    this.#cleanups.push(
      () => clearInterval(bookmarks),
      () => clearTimeout(timeout),
    );
  }

  #breakIfDue(): void {
    for (const fault of this.#exchange.faults) {
      if (fault.kind === 'breakWatch' && fault.afterEvents === this.#linesSent) this.break(fault.how);
    }
  }
}

/** The rules of ListOptions about the three parameters of watches that begin with the current objects. */
function refuseBadParameters(query: URLSearchParams): void {
  const match = query.get('resourceVersionMatch') ?? '';
  const given = query.has('sendInitialEvents');
  const name = { group: 'meta.k8s.io', plural: 'listoptions', kind: 'ListOptions' };
  const refuse = (detail: string) => invalid(name, '', [invalidValue('resourceVersionMatch', match, detail)]);
  if (!given && match !== '') {
    throw refuse('resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided');
  }
  if (given && match !== 'NotOlderThan') {
    throw refuse('sendInitialEvents requires setting resourceVersionMatch to NotOlderThan');
  }
}
