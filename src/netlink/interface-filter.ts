import { littleEndian } from './byte-order.ts';

/** `RTM_NEWADDR` and `RTM_DELADDR`. Source: linux/rtnetlink.h, read at 6.1. */
const newAddress = 20;
const deleteAddress = 21;

/** Offsets in a message: of `nlmsghdr.nlmsg_type`, and of `ifaddrmsg.ifa_index`. */
const typeOffset = 4;
const interfaceIndexOffset = 20;

/** Classic BPF (`BPF_LD | BPF_H | BPF_ABS` and so on). Source: linux/bpf_common.h, read at 6.1. */
const code = { loadHalf: 0x28, loadWord: 0x20, jumpIfEqual: 0x15, returnConstant: 0x06 } as const;

/**
 * A filter for a monitor that drops address changes of one interface (by its index) and lets everything else through:
 * a program that binds thousands of addresses to its own interface need not hear of each.
 */
export function ignoreAddressesOf(interfaceIndex: number): Uint8Array {
  // code, instructions to skip if equal, if not, operand
  return program([
    [code.loadHalf, 0, 0, typeOffset],
    [code.jumpIfEqual, 1, 0, asLoaded16(newAddress)],
    [code.jumpIfEqual, 0, 2, asLoaded16(deleteAddress)],
    [code.loadWord, 0, 0, interfaceIndexOffset],
    [code.jumpIfEqual, 1, 0, asLoaded32(interfaceIndex)],
    [code.returnConstant, 0, 0, 0xffff_ffff],
    [code.returnConstant, 0, 0, 0],
  ]);
}

/** BPF loads in network order what netlink keeps in host order. */
function asLoaded16(value: number): number {
  return littleEndian ? ((value & 0xff) << 8) | (value >>> 8) : value;
}

function asLoaded32(value: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, value, littleEndian);
  return view.getUint32(0, false);
}

/** Each instruction as `struct sock_filter`: u16 code, u8 jump if true, u8 jump if false, u32 operand. */
function program(instructions: readonly (readonly [number, number, number, number])[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(instructions.length * 8));
  for (const [index, [operation, ifEqual, ifNot, operand]] of instructions.entries()) {
    view.setUint16(index * 8, operation, littleEndian);
    view.setUint8(index * 8 + 2, ifEqual);
    view.setUint8(index * 8 + 3, ifNot);
    view.setUint32(index * 8 + 4, operand, littleEndian);
  }
  return new Uint8Array(view.buffer);
}
