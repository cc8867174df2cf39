import type { Resource } from '../objects/resources.ts';
import { RESOURCES } from '../objects/resources.ts';
import { itemPath } from './openapi-v3.ts';

/** Content type of the document below. */
export const OPENAPI_V2_TYPE = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

/**
 * The OpenAPI v2 document as older kubectl versions (before 1.27) want it: protobuf. It has one patch operation per
 * kind, with the kind and the parameter `dryRun`, and no schemas. Field numbers are those of OpenAPIv2.proto of gnostic:
 * Document.swagger 1 and .paths 8, Paths.path 2, NamedPathItem.name 1 and .value 2, PathItem.patch 8,
 * Operation.parameters 8 and .vendor_extension 13.
 */
export function openApiV2Document(): Buffer {
  const paths = RESOURCES.map((resource) => field(2, field(1, text(itemPath(resource))), field(2, pathItem(resource))));
  return Buffer.concat([field(1, text('2.0')), field(8, ...paths)]);
}

function pathItem(resource: Resource): Buffer {
  const { group, version, kind } = resource;
  const yaml = `group: "${group}"\nversion: ${version}\nkind: ${kind}\n`;
  const extension = field(13, field(1, text('x-kubernetes-group-version-kind')), field(2, field(2, text(yaml))));
  return field(8, field(8, queryParameter('dryRun')), extension);
}

/** ParametersItem.parameter 1, Parameter.non_body_parameter 2, its query_parameter_sub_schema 3 with in 2 and name 4. */
function queryParameter(name: string): Buffer {
  return field(1, field(2, field(3, field(2, text('query')), field(4, text(name)))));
}

function field(number: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([varint((number << 3) | 2), varint(content.length), content]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}

function text(value: string): Buffer {
  return Buffer.from(value, 'utf8');
}
