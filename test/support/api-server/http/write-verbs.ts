import { absorb, present } from '../objects/event-conversion.ts';
import type { JsonRecord, KubernetesObject } from '../objects/kubernetes-object.ts';
import { isRecord, readObject } from '../objects/kubernetes-object.ts';
import type { ObjectRegistry, RemoveOptions, WriteOptions } from '../objects/object-registry.ts';
import { ApiError, badRequest, success } from '../objects/status.ts';
import { applyJsonPatch } from '../patches/json-patch.ts';
import { applyMergePatch } from '../patches/merge-patch.ts';
import { applyServerSide } from '../patches/server-side-apply.ts';
import { applyStrategicMergePatch } from '../patches/strategic-merge-patch.ts';
import type { Exchange } from './exchange.ts';
import type { ResourceRequest } from './resource-request.ts';
import { isTrue } from './resource-request.ts';

/** Serves POST of a collection. */
export async function serveCreate(
  registry: ObjectRegistry,
  exchange: Exchange,
  request: ResourceRequest,
): Promise<void> {
  const object = readNamed(await exchange.readBody(), request);
  const created = registry.create(request.resource, absorb(request.resource, object), writeOptions(request));
  await exchange.sendObject(201, request.resource, present(request.resource, created));
}

/** Serves PUT of an object or its status. */
export async function serveUpdate(
  registry: ObjectRegistry,
  exchange: Exchange,
  request: ResourceRequest,
): Promise<void> {
  const object = readNamed(await exchange.readBody(), request);
  const updated = registry.update(request.resource, absorb(request.resource, object), writeOptions(request));
  await exchange.sendObject(200, request.resource, present(request.resource, updated));
}

/** Serves PATCH of an object or its status; server-side apply creates the object if there is none. */
export async function servePatch(
  registry: ObjectRegistry,
  exchange: Exchange,
  request: ResourceRequest,
): Promise<void> {
  const { resource, namespace, name = '' } = request;
  const patch = await exchange.readBody();
  const type = exchange.request.headers['content-type'] ?? '';
  if (type.startsWith('application/apply-patch')) return serveApply(registry, exchange, request, patch);
  const current = present(resource, registry.get(resource, namespace, name));
  const patched = readNamed(applyPatch(current, patch, type, request), request);
  const updated = registry.update(resource, absorb(resource, patched), writeOptions(request));
  await exchange.sendObject(200, resource, present(resource, updated));
}

/** Serves DELETE of an object: answers with a success, or with the object when it only was marked. */
export async function serveDelete(
  registry: ObjectRegistry,
  exchange: Exchange,
  request: ResourceRequest,
): Promise<void> {
  const { resource, namespace, name = '' } = request;
  const removed = registry.remove(resource, namespace, name, removeOptions(await exchange.readBody(), request));
  const stays =
    removed.metadata.deletionTimestamp !== undefined && registry.find(resource, namespace, name) !== undefined;
  if (stays) return exchange.sendObject(200, resource, present(resource, removed));
  const { uid = '' } = removed.metadata;
  await exchange.sendJson(200, success({ name, group: resource.group, kind: resource.plural, uid }));
}

/** Serves DELETE of a collection: of the objects that the caller selected. */
export async function serveDeleteCollection(
  registry: ObjectRegistry,
  exchange: Exchange,
  request: ResourceRequest,
  selected: readonly KubernetesObject[],
): Promise<void> {
  const options = removeOptions(await exchange.readBody(), request);
  for (const { metadata } of selected) registry.remove(request.resource, metadata.namespace, metadata.name, options);
  await exchange.sendList(request.resource, selected, {});
}

async function serveApply(
  registry: ObjectRegistry,
  exchange: Exchange,
  request: ResourceRequest,
  patch: unknown,
): Promise<void> {
  const { resource, namespace, name = '', query } = request;
  const manager = query.get('fieldManager') ?? '';
  if (manager === '')
    throw badRequest(
      'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
    );
  const current = registry.find(resource, namespace, name);
  const live = current === undefined ? undefined : present(resource, current);
  const configuration = readNamed(patch, request);
  const rules = resource.listRules;
  const applied = applyServerSide({
    live,
    configuration,
    manager,
    rules,
    force: isTrue(query.get('force')),
    now: new Date(),
  });
  const next = absorb(resource, applied);
  if (current === undefined) {
    const created = registry.create(resource, next, writeOptions(request));
    return exchange.sendObject(201, resource, present(resource, created));
  }
  const updated = registry.update(resource, next, writeOptions(request));
  await exchange.sendObject(200, resource, present(resource, updated));
}

function applyPatch(current: KubernetesObject, patch: unknown, type: string, request: ResourceRequest): unknown {
  if (type.startsWith('application/json-patch+json')) return applyJsonPatch(current, patch);
  if (type.startsWith('application/merge-patch+json')) return applyMergePatch(current, patch);
  if (type.startsWith('application/strategic-merge-patch+json')) {
    return applyStrategicMergePatch(current, patch, request.resource.listRules);
  }
  throw new ApiError(415, 'UnsupportedMediaType', `the body of the request was in an unknown format: ${type}`);
}

/** The object of a body, under the name and the namespace of the request. Throws 400 when they differ. */
function readNamed(body: unknown, request: ResourceRequest): KubernetesObject {
  const object = readObject(body, request.resource);
  const { metadata } = object;
  if (request.name !== undefined) {
    if (metadata.name && metadata.name !== request.name) {
      throw badRequest(
        `the name of the object (${metadata.name}) does not match the name on the URL (${request.name})`,
      );
    }
    metadata.name = request.name;
  }
  if (request.namespace !== undefined) {
    if (metadata.namespace && metadata.namespace !== request.namespace) {
      throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
    }
    metadata.namespace = request.namespace;
  }
  if (!request.resource.namespaced) delete metadata.namespace;
  return object;
}

function writeOptions(request: ResourceRequest): WriteOptions {
  return { dryRun: request.query.has('dryRun'), part: request.subresource === 'status' ? 'status' : 'main' };
}

function removeOptions(body: unknown, request: ResourceRequest): RemoveOptions {
  const options: JsonRecord = isRecord(body) ? body : {};
  const grace = options['gracePeriodSeconds'] ?? request.query.get('gracePeriodSeconds') ?? undefined;
  const dryRun = Array.isArray(options['dryRun']) && options['dryRun'].length > 0;
  const preconditions = isRecord(options['preconditions']) ? options['preconditions'] : {};
  const { uid, resourceVersion } = preconditions;
  return {
    dryRun: dryRun || request.query.has('dryRun'),
    gracePeriodSeconds: grace === undefined || grace === null ? undefined : Number(grace),
    preconditions: {
      ...(typeof uid === 'string' && { uid }),
      ...(typeof resourceVersion === 'string' && { resourceVersion }),
    },
  };
}
