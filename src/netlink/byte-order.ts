/** Whether this machine keeps the low byte of a number first. Netlink headers are in the machine's own order. */
export const littleEndian = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;
