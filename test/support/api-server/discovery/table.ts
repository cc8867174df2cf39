import type { JsonRecord, KubernetesObject } from '../objects/kubernetes-object.ts';
import type { Resource } from '../objects/resources.ts';
import type { Column } from './table-columns.ts';
import { columnsOf } from './table-columns.ts';

export interface TableOptions {
  readonly metadata?: JsonRecord;
  /** Watches name the columns with the first event only. */
  readonly withColumns: boolean;
  /** How much of each object comes along: the parameter `includeObject`, by default its metadata. */
  readonly includeObject: string | null;
}

/** Objects as a `Table` of meta/v1: what `kubectl get` prints. */
export function tableOf(resource: Resource, objects: readonly KubernetesObject[], options: TableOptions): object {
  const columns = columnsOf(resource);
  const now = Date.now();
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: options.metadata ?? {},
    columnDefinitions: options.withColumns ? columns.map(definition) : null,
    rows: objects.map((object) => ({
      cells: columns.map((column) => column.cell(object, now)),
      object: companion(object, options.includeObject),
    })),
  };
}

export function partialObject(object: KubernetesObject): object {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata };
}

function definition(column: Column, index: number): object {
  const { name, wide = false, type = 'string' } = column;
  return { name, type, format: index === 0 ? 'name' : '', description: '', priority: wide ? 1 : 0 };
}

function companion(object: KubernetesObject, include: string | null): object | undefined {
  if (include === 'None') return undefined;
  return include === 'Object' ? object : partialObject(object);
}
