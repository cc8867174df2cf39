import { describe, expect, it } from '@jest/globals';
import { littleEndian } from '../../../src/netlink/byte-order.ts';
import { ignoreAddressesOf } from '../../../src/netlink/interface-filter.ts';

const newLink = 16;
const newAddress = 20;
const deleteAddress = 21;

/** A notification as the kernel sends it: `nlmsghdr`, then a structure with the index of the interface at 4. */
function notification(type: number, interfaceIndex: number): DataView {
  const view = new DataView(new ArrayBuffer(32));
  view.setUint32(0, 32, littleEndian);
  view.setUint16(4, type, littleEndian);
  view.setUint32(20, interfaceIndex, littleEndian);
  return view;
}

/** Runs the filter as the kernel does: loads are in network order. Returns how many bytes of the message pass. */
function run(filter: Uint8Array, message: DataView): number {
  const program = new DataView(filter.buffer, filter.byteOffset, filter.byteLength);
  let loaded = 0;
  for (let at = 0; at < program.byteLength; at += 8) {
    const operand = program.getUint32(at + 4, littleEndian);
    switch (program.getUint16(at, littleEndian)) {
      case 0x20:
        loaded = message.getUint32(operand, false);
        break;
      case 0x28:
        loaded = message.getUint16(operand, false);
        break;
      case 0x15:
        at += 8 * program.getUint8(at + (loaded === operand ? 2 : 3));
        break;
      case 0x06:
        return operand;
      default:
        throw new Error(`unknown instruction at ${at}`);
    }
  }
  throw new Error('the filter does not end');
}

describe('ignoreAddressesOf', () => {
  it.each([
    ['a new address of the interface', newAddress, 7, 7, false],
    ['a removed address of the interface', deleteAddress, 7, 7, false],
    ['a new address of another interface', newAddress, 7, 8, true],
    ['a removed address of another interface', deleteAddress, 7, 8, true],
    ['a change of the interface itself', newLink, 7, 7, true],
    ['an index that is the other with its bytes turned', newAddress, 0x01_02_03_04, 0x04_03_02_01, true],
    ['a large index', newAddress, 0x01_02_03_04, 0x01_02_03_04, false],
  ])('%s', (_name, type, ignored, interfaceIndex, passes) => {
    const passed = run(ignoreAddressesOf(ignored), notification(type, interfaceIndex));
    expect(passed).toBe(passes ? 0xffff_ffff : 0);
  });
});
