import { readFile } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../model/clock.ts';
import type { ServiceKey } from '../../model/service-key.ts';
import type { Log } from '../../observe/log.ts';
import { createDecoder } from '../objects/decoder.ts';
import type { EndpointSlice } from '../objects/endpoint-slice.ts';
import type { Node } from '../objects/node.ts';
import type { Service } from '../objects/service.ts';
import type { ObjectSink, ObjectSource } from '../source.ts';
import type { ManifestContent, ManifestReading } from './manifest-content.ts';
import { emptyContent, readManifest } from './manifest-content.ts';
import type { ManifestFile } from './manifest-files.ts';
import { findManifestFiles } from './manifest-files.ts';
import { ManifestWatcher } from './manifest-watcher.ts';
import type { FaultyObject } from './object-intake.ts';

/** Writing a file takes several steps; it is read when nothing has happened for this long. */
const settleMs = 50;
/** But no later than this after the first notification, however many follow it. */
const longestSettleMs = 1_000;
/** How often the files are looked at without a notification. */
const lookEveryMs = 2_000;

export interface ManifestSourceOptions {
  /** Directories and files. */
  readonly paths: readonly string[];
  readonly sink: ObjectSink;
  readonly clock: Clock;
  readonly log: Log;
  /** Told when faults of an object appear, change or end. */
  readonly onFaults?: (object: FaultyObject) => void;
}

/** A file that was read, good or not. */
interface KnownFile {
  readonly signature: string;
  /** The last good one; undefined before there was any. */
  readonly content: ManifestContent | undefined;
  /** Objects in it of which something cannot be used. */
  readonly faults: ManifestReading['faults'];
}

const noFaults: ManifestReading['faults'] = new Map();

/**
 * Objects from files of YAML or JSON, followed as they change. What cannot be used is reported with its place: of a file
 * that is no YAML, all it said before stays in force; of an object with a bad field, the object as it was, or nothing.
 * What can be read is delivered while a file cannot, but as part of the whole until every file could be read once.
 * Objects of a deleted file are gone; those of a path that is missing altogether stay. Of two objects with one name the
 * later file's wins.
 * YAML is read at about a megabyte per second, during which nothing else runs; JSON a hundred times faster.
 */
export class ManifestSource implements ObjectSource {
  readonly #options: ManifestSourceOptions;
  readonly #decoder = createDecoder();
  readonly #watcher: ManifestWatcher;
  /** Files by the path given that they were last found under. */
  #found: ReadonlyMap<string, readonly ManifestFile[]> = new Map();
  #files: ReadonlyMap<string, KnownFile> = new Map();
  #delivered: ManifestContent | undefined;
  /** Whether something could never be read so far. */
  #isPartial = false;
  /** What is wrong with paths, as last told. */
  #pathProblems: ReadonlyMap<string, string> = new Map();
  #cancelLook: () => void = () => {};
  #looking = false;
  /** When the first notification came that no look has answered yet. */
  #noticedAtMs: number | undefined;
  #stopped = false;

  constructor(options: ManifestSourceOptions) {
    this.#options = options;
    const { paths, log } = options;
    this.#watcher = new ManifestWatcher({ paths, log, onChange: () => this.#notice() });
  }

  start(): void {
    this.#lookIn(0);
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelLook();
    this.#watcher.close();
  }

  /** Something may have changed. */
  #notice(): void {
    const nowMs = this.#options.clock.monotonicMs();
    this.#noticedAtMs ??= nowMs;
    if (!this.#looking) this.#lookIn(Math.max(0, Math.min(settleMs, this.#noticedAtMs + longestSettleMs - nowMs)));
  }

  #lookIn(delayMs: number): void {
    this.#cancelLook();
    if (!this.#stopped) this.#cancelLook = this.#options.clock.schedule(delayMs, () => void this.#look());
  }

  /** One look at a time; a notification meanwhile leads to another one. Never rejects. */
  async #look(): Promise<void> {
    this.#looking = true;
    this.#noticedAtMs = undefined;
    try {
      this.#watcher.refresh(); // before reading, so that nothing falls between
      await this.#readAll();
    } catch (error) {
      this.#options.log.error('Looking for manifests failed', error);
    }
    this.#looking = false;
    this.#lookIn(this.#noticedAtMs === undefined ? lookEveryMs : settleMs);
  }

  async #readAll(): Promise<void> {
    const found = await this.#find();
    const isUnchanged =
      found.length === this.#files.size &&
      found.every((file) => this.#files.get(file.path)?.signature === file.signature);
    const hasPath = this.#found.size > 0;
    if (!hasPath || (isUnchanged && this.#delivered !== undefined && this.#isPartial === this.#lacksSome())) return;
    const files = new Map<string, KnownFile>();
    for (const file of found) files.set(file.path, await this.#read(file));
    if (this.#stopped) return;
    const before = this.#files;
    this.#files = files;
    this.#deliver();
    this.#tellFaults(before, files);
  }

  /** The files of all paths; of a path that is missing, those that it had. */
  async #find(): Promise<readonly ManifestFile[]> {
    const found = new Map(this.#found);
    const problems = new Map<string, string>();
    for (const path of this.#options.paths) {
      try {
        found.set(path, await findManifestFiles([path]));
      } catch (error) {
        problems.set(path, String(error));
        this.#reportPath(path, error);
      }
    }
    this.#found = found;
    this.#pathProblems = problems;
    return this.#options.paths.flatMap((path) => found.get(path) ?? []);
  }

  /** Whether a path could never be found, or a file never be read. */
  #lacksSome(): boolean {
    if (this.#options.paths.some((path) => !this.#found.has(path))) return true;
    return [...this.#files.values()].some((file) => file.content === undefined);
  }

  async #read(file: ManifestFile): Promise<KnownFile> {
    const known = this.#files.get(file.path);
    if (known?.signature === file.signature) return known;
    const { log } = this.#options;
    try {
      const text = (await readFile(file.path, 'utf8')).replace(/^\uFEFF/, '');
      const previous = known?.content ?? emptyContent;
      const reading = readManifest({ file: file.path, text, decoder: this.#decoder, previous });
      for (const error of reading.errors) log.error('An object of a manifest cannot be used', error);
      for (const problem of reading.warnings) log.warning('Part of a manifest was ignored', { problem });
      const content = keepEqual(reading.content, known?.content);
      return { signature: file.signature, content, faults: reading.faults };
    } catch (error) {
      const effect = known?.content === undefined ? 'nothing is removed until it can' : 'its last content is in force';
      log.error('A manifest cannot be read', error, { file: file.path, effect });
      return { signature: file.signature, content: known?.content, faults: known?.faults ?? noFaults };
    }
  }

  /** Of files that were read anew, and of those that are gone. */
  #tellFaults(before: ReadonlyMap<string, KnownFile>, now: ReadonlyMap<string, KnownFile>): void {
    const { onFaults = () => {} } = this.#options;
    const current = faultsOf(now);
    for (const [path, { faults }] of now) {
      if (before.get(path)?.faults !== faults) for (const fault of faults.values()) onFaults(fault);
    }
    for (const [name, { resource, key }] of faultsOf(before)) {
      if (!current.has(name)) onFaults({ resource, key, value: undefined, problems: [] });
    }
  }

  #deliver(): void {
    const wanted = this.#merge();
    const before = this.#delivered;
    const { sink } = this.#options;
    this.#delivered = wanted;
    const wasPartial = this.#isPartial;
    this.#isPartial = this.#lacksSome();
    if (this.#isPartial && !wasPartial) sink.listingsArePartial?.(true);
    if (before === undefined) {
      sink.replaceNodes(wanted.nodes.values());
      sink.replaceServices(wanted.services.values());
      sink.replaceEndpointSlices(wanted.slices.values());
      return;
    }
    applyDifference(before.nodes, wanted.nodes, {
      update: (node) => sink.updateNode(node),
      delete: (name) => sink.deleteNode(name),
    });
    applyDifference(before.services, wanted.services, {
      update: (service) => sink.updateService(service),
      delete: (key) => sink.deleteService(key),
    });
    applyDifference(before.slices, wanted.slices, {
      update: (slice) => sink.updateEndpointSlice(slice),
      delete: (key) => sink.deleteEndpointSlice(key),
    });
    if (wasPartial && !this.#isPartial) sink.listingsArePartial?.(false);
  }

  #merge(): ManifestContent {
    const services = new Map<ServiceKey, Service>();
    const slices = new Map<string, EndpointSlice>();
    const nodes = new Map<string, Node>();
    for (const [path, { content }] of this.#files) {
      if (content === undefined) continue;
      this.#mergeInto(services, content.services, 'Service', path);
      this.#mergeInto(slices, content.slices, 'EndpointSlice', path);
      this.#mergeInto(nodes, content.nodes, 'Node', path);
    }
    return { services, slices, nodes };
  }

  #mergeInto<K, V>(merged: Map<K, V>, added: ReadonlyMap<K, V>, kind: string, path: string): void {
    for (const [key, object] of added) {
      if (merged.has(key)) {
        this.#options.log.warning('An object is in more than one manifest, the last one wins', {
          object: `${kind} ${String(key)}`,
          file: path,
        });
      }
      merged.set(key, object);
    }
  }

  /** Looking comes every few seconds; the same problem is told once. */
  #reportPath(path: string, error: unknown): void {
    if (this.#pathProblems.get(path) === String(error)) return;
    const effect = this.#found.has(path) ? 'their last content is in force' : 'nothing is removed until they can be';
    this.#options.log.error('Manifests cannot be read', error, { path, effect });
  }
}

function faultsOf(files: ReadonlyMap<string, KnownFile>): ManifestReading['faults'] {
  return new Map([...files.values()].flatMap(({ faults }) => [...faults]));
}

/** The new content, with the very objects of the old one where they say the same. */
function keepEqual(content: ManifestContent, before: ManifestContent | undefined): ManifestContent {
  if (before === undefined) return content;
  return {
    services: keepEqualEntries(content.services, before.services),
    slices: keepEqualEntries(content.slices, before.slices),
    nodes: keepEqualEntries(content.nodes, before.nodes),
  };
}

function keepEqualEntries<K, V>(entries: ReadonlyMap<K, V>, before: ReadonlyMap<K, V>): ReadonlyMap<K, V> {
  const kept = new Map<K, V>();
  for (const [key, value] of entries) {
    const old = before.get(key);
    kept.set(key, old !== undefined && isDeepStrictEqual(old, value) ? old : value);
  }
  return kept;
}

interface DifferenceTarget<K, V> {
  update(object: V): void;
  delete(key: K): void;
}

function applyDifference<K, V>(
  before: ReadonlyMap<K, V>,
  wanted: ReadonlyMap<K, V>,
  target: DifferenceTarget<K, V>,
): void {
  for (const key of before.keys()) if (!wanted.has(key)) target.delete(key);
  for (const [key, object] of wanted) if (before.get(key) !== object) target.update(object);
}
