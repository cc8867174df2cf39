import type { ObjectSink } from '../../src/kubernetes/source.ts';

const nothing = () => {};

/** A sink that takes everything and keeps nothing. */
export const emptySink: ObjectSink = {
  replaceServices: (all) => void [...all],
  updateService: nothing,
  deleteService: nothing,
  replaceEndpointSlices: (all) => void [...all],
  updateEndpointSlice: nothing,
  deleteEndpointSlice: nothing,
  replaceNodes: (all) => void [...all],
  updateNode: nothing,
  deleteNode: nothing,
};
