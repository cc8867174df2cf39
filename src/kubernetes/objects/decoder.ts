import type { Decoded } from './decoded.ts';
import type { EndpointSlice } from './endpoint-slice.ts';
import { decodeEndpointSlice } from './endpoint-slice.ts';
import { createInterner } from './interner.ts';
import type { Node } from './node.ts';
import { decodeNode } from './node.ts';
import type { Service } from './service.ts';
import { decodeService } from './service.ts';

/** Turns parsed JSON or YAML into objects. Every function throws `DecodeError` for what cannot be used. */
export interface Decoder {
  readonly service: (value: unknown) => Decoded<Service>;
  readonly endpointSlice: (value: unknown) => Decoded<EndpointSlice>;
  readonly node: (value: unknown) => Decoded<Node>;
}

/** A decoder whose objects share their repeated texts. One per source is enough. */
export function createDecoder(): Decoder {
  const interner = createInterner();
  return {
    service: (value) => decodeService(value, interner),
    endpointSlice: (value) => decodeEndpointSlice(value, interner),
    node: (value) => decodeNode(value, interner),
  };
}
