import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../model/clock.ts';
import type { Log } from '../../observe/log.ts';
import { DecodeError } from '../errors.ts';
import type { Decoded } from '../objects/decoded.ts';
import { createDecoder } from '../objects/decoder.ts';
import type { EndpointSlice } from '../objects/endpoint-slice.ts';
import type { Node } from '../objects/node.ts';
import type { Service } from '../objects/service.ts';
import type { ObjectSink, ObjectSource } from '../source.ts';
import { type ManifestObject, ManifestSyntaxError, positionedMessage, readManifest } from './manifest-file.ts';

export interface ManifestSourceOptions {
  /** Files, and directories whose `.yaml`, `.yml` and `.json` files are read. */
  readonly paths: readonly string[];
  readonly sink: ObjectSink;
  readonly clock: Clock;
  readonly log: Log;
}

/** How often the files are looked at. Looking costs one `stat` per file, and finds swapped symbolic links too. */
const lookEveryMs = 500;

interface Contents {
  readonly signature: string;
  readonly services: ReadonlyMap<string, Service>;
  readonly slices: ReadonlyMap<string, EndpointSlice>;
  readonly nodes: ReadonlyMap<string, Node>;
}

/**
 * Services, EndpointSlices and Nodes from files. A changed file is read again; one that cannot be read keeps what it
 * gave before, and is reported with file, line and field. A single object that cannot be used is left out; the others
 * stand. Of two objects with one name the one in the later file stands.
 */
export class ManifestSource implements ObjectSource {
  readonly #options: ManifestSourceOptions;
  readonly #decoder = createDecoder();
  #files = new Map<string, Contents>();
  #cancel: (() => void) | undefined;
  #delivered = false;
  #stopped = false;
  #unreadable = '';

  constructor(options: ManifestSourceOptions) {
    this.#options = options;
  }

  start(): void {
    this.#look();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }

  #look(): void {
    if (this.#stopped) return;
    const paths = this.#listFiles();
    if (paths !== undefined && this.#readChanged(paths)) this.#deliver();
    this.#cancel = this.#options.clock.schedule(lookEveryMs, () => this.#look());
  }

  /** Files in order; undefined when a path cannot be read, which is reported once. */
  #listFiles(): readonly string[] | undefined {
    try {
      const files = this.#options.paths.flatMap(filesOf);
      this.#unreadable = '';
      return files;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (message !== this.#unreadable) this.#options.log.error('Cannot read manifests; keeping what they gave', error);
      this.#unreadable = message;
      return undefined;
    }
  }

  /** Whether anything is different from what was delivered. */
  #readChanged(paths: readonly string[]): boolean {
    const files = new Map<string, Contents>();
    let changed = !this.#delivered || paths.length !== this.#files.size;
    for (const path of paths) {
      const known = this.#files.get(path);
      const contents = this.#read(path, known);
      if (contents !== known) changed = true;
      if (contents !== undefined) files.set(path, contents);
    }
    this.#files = files;
    return changed;
  }

  #read(path: string, known: Contents | undefined): Contents | undefined {
    try {
      const { mtimeMs, size, ino } = statSync(path);
      const signature = `${mtimeMs} ${size} ${ino}`;
      if (known?.signature === signature) return known;
      return this.#decode(path, signature, known);
    } catch (error) {
      this.#options.log.error('Cannot read a manifest; keeping what it gave before', error, { file: path });
      return known;
    }
  }

  #decode(path: string, signature: string, known: Contents | undefined): Contents {
    try {
      return this.#contents(readManifest(readFileSync(path, 'utf8'), path), signature);
    } catch (error) {
      if (!(error instanceof ManifestSyntaxError)) throw error;
      this.#options.log.error('Manifest is broken; keeping what it gave before', error);
      const empty = { services: new Map(), slices: new Map(), nodes: new Map() };
      return { ...(known ?? empty), signature };
    }
  }

  #contents(objects: readonly ManifestObject[], signature: string): Contents {
    const services = new Map<string, Service>();
    const slices = new Map<string, EndpointSlice>();
    const nodes = new Map<string, Node>();
    for (const object of objects) {
      switch (kindOf(object.value)) {
        case 'Service':
          this.#take(object, this.#decoder.service, (service) => services.set(service.key, service));
          break;
        case 'EndpointSlice':
          this.#take(object, this.#decoder.endpointSlice, (slice) => slices.set(slice.key, slice));
          break;
        case 'Node':
          this.#take(object, this.#decoder.node, (node) => nodes.set(node.name, node));
          break;
        default:
          this.#options.log.debug(2, 'Ignored an object of another kind', { position: object.position });
      }
    }
    return { signature, services, slices, nodes };
  }

  #take<T>(object: ManifestObject, decode: (value: unknown) => Decoded<T>, keep: (decoded: T) => void): void {
    const { log } = this.#options;
    try {
      const { object: decoded, warnings } = decode(object.value);
      for (const { field, problem } of warnings) {
        log.warning('Left out part of an object', { position: object.positionOf(field), field, problem });
      }
      if (decoded !== undefined) keep(decoded);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      log.error('Object in a manifest cannot be used', positionedMessage(object, error));
    }
  }

  #deliver(): void {
    const { sink } = this.#options;
    const all = [...this.#files.values()];
    sink.replaceNodes(merged(all.map((contents) => contents.nodes)));
    sink.replaceServices(merged(all.map((contents) => contents.services)));
    sink.replaceEndpointSlices(merged(all.map((contents) => contents.slices)));
    this.#delivered = true;
  }
}

function filesOf(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  const names = readdirSync(path).filter((name) => /\.(ya?ml|json)$/.test(name));
  return names.sort().map((name) => join(path, name));
}

function merged<T>(maps: readonly ReadonlyMap<string, T>[]): Iterable<T> {
  return new Map(maps.flatMap((map) => [...map])).values();
}

function kindOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'kind' in value ? value.kind : undefined;
}
