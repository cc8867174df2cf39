/**
 * Gives the memory of a reply back to the system at once; nothing may look at it any more. For dumps, which are
 * megabytes in a large cluster: the collector would keep them until it next goes through the whole heap. Bytes that share
 * their memory with others are left alone.
 */
export function giveBack(reply: Uint8Array): void {
  const { buffer } = reply;
  if (buffer instanceof ArrayBuffer && buffer.byteLength === reply.byteLength && !buffer.detached) buffer.transfer(0);
}
