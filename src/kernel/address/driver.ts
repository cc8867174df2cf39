import type { IpAddress } from '../../model/ip.ts';
import { familyOf } from '../../model/ip.ts';
import type { AddressOperation } from '../../model/operation.ts';
import { errno, NetlinkError } from '../../netlink/errors.ts';
import { giveBack } from '../../netlink/give-back.ts';
import { MessageWriter } from '../../netlink/message-writer.ts';
import type { Transport } from '../../netlink/transport.ts';
import type { AddressDriver, OperationFailure } from '../drivers.ts';
import { DriverError } from '../errors.ts';
import type { Link } from './decode.ts';
import { decodeAddresses, decodeLinks } from './decode.ts';
import {
  encodeAddress,
  encodeCreateDummy,
  encodeDeleteLink,
  encodeGetLink,
  encodeListAddresses,
  encodeSetLinkDown,
} from './encode.ts';
import { usableAddresses } from './usable-addresses.ts';
import {
  addressError,
  changeInterfaceError,
  createInterfaceError,
  foreignInterfaceError,
  isSettled,
} from './errors.ts';

/** Messages per exchange: the kernel holds a lock that all network configuration needs, so others get their turn. */
const operationsPerExchange = 100;

/** Name that upstream uses and that network plugins look for. */
export const dummyInterfaceName = 'kube-ipvs0';

/** What a driver of addresses needs. */
export interface AddressDriverOptions {
  /** A transport for rtnetlink that nobody else uses meanwhile. The caller closes it. */
  readonly transport: Transport;
  /** Name of the dummy interface, at most 15 characters. Default `kube-ipvs0`. */
  readonly interfaceName?: string;
}

/** The driver, with what a watcher has to know. */
export interface DummyAddressDriver extends AddressDriver {
  /**
   * Removes the dummy interface with all its addresses. Returns whether there was one. Throws `DriverError` when one of
   * that name is not a dummy, or cannot be removed.
   */
  removeInterface(): Promise<boolean>;
  /** Index of the dummy interface when it was last looked up, which every call does; undefined if there was none. */
  readonly interfaceIndex: number | undefined;
  /** Whether the last `ensureInterface` left the interface up, for the sake of its IPv6 addresses. */
  readonly isLeftUp: boolean;
}

/**
 * The dummy interface and its addresses through rtnetlink; CAP_NET_ADMIN is needed to change things. Every call looks
 * the interface up by name, because its index is another one after it was removed and made anew. `ensureInterface`
 * throws `DriverError` when the interface cannot be made, or when one of that name is not a dummy.
 */
export function createAddressDriver(options: AddressDriverOptions): DummyAddressDriver {
  return new RouteAddressDriver(options);
}

class RouteAddressDriver implements DummyAddressDriver {
  readonly #transport: Transport;
  readonly #interfaceName: string;
  readonly #writer = new MessageWriter();
  #interfaceIndex: number | undefined;
  #isLeftUp = false;

  constructor(options: AddressDriverOptions) {
    this.#transport = options.transport;
    this.#interfaceName = options.interfaceName ?? dummyInterfaceName;
  }

  get interfaceIndex(): number | undefined {
    return this.#interfaceIndex;
  }

  get isLeftUp(): boolean {
    return this.#isLeftUp;
  }

  async ensureInterface(): Promise<boolean> {
    const present = await this.#findInterface();
    this.#isLeftUp = false;
    if (present === undefined) return await this.#makeInterface();
    this.#requireDummy(present);
    return present.isUp && (await this.#setDown(present));
  }

  /** Taking it down would take its IPv6 addresses away: with such it stays up, which does little harm. */
  async #setDown({ index }: Link): Promise<boolean> {
    const own = await this.#listUsable((interfaceIndex) => interfaceIndex === index);
    this.#isLeftUp = own.some((address) => familyOf(address) === 'IPv6');
    if (this.#isLeftUp) return false;
    this.#writer.reset();
    encodeSetLinkDown(this.#writer, index);
    const [refusal] = await this.#transport.exchange(this.#writer);
    if (refusal !== undefined) throw changeInterfaceError(`set dummy interface ${this.#interfaceName} down`, refusal);
    return true;
  }

  /** Returns false when another process was faster. */
  async #makeInterface(): Promise<boolean> {
    this.#writer.reset();
    encodeCreateDummy(this.#writer, this.#interfaceName);
    const [refusal] = await this.#transport.exchange(this.#writer);
    if (refusal !== undefined && refusal.errno !== errno.EEXIST) {
      throw createInterfaceError(this.#interfaceName, refusal);
    }
    const made = await this.#findInterface();
    if (made !== undefined) this.#requireDummy(made);
    return refusal === undefined;
  }

  async removeInterface(): Promise<boolean> {
    const present = await this.#findInterface();
    if (present === undefined) return false;
    this.#requireDummy(present);
    this.#writer.reset();
    encodeDeleteLink(this.#writer, present.index);
    const [refusal] = await this.#transport.exchange(this.#writer);
    if (refusal === undefined) return true;
    if (refusal.errno === errno.ENODEV) return false;
    throw changeInterfaceError(`remove dummy interface ${this.#interfaceName}`, refusal);
  }

  async list(): Promise<readonly IpAddress[]> {
    const present = await this.#findInterface();
    if (present === undefined) return [];
    return await this.#listUsable((index) => index === present.index);
  }

  async listNodeAddresses(): Promise<readonly IpAddress[]> {
    const present = await this.#findInterface();
    return await this.#listUsable((index) => index !== present?.index);
  }

  /**
   * Applies the operations in order. If the interface is gone, it is made anew and everything is applied once more;
   * addresses that it had before are lost then, which the watcher reports as `linkRemoved`.
   */
  async apply(operations: readonly AddressOperation[]): Promise<readonly OperationFailure[]> {
    if (operations.length === 0) return [];
    try {
      return (await this.#tryToApply(operations)) ?? (await this.#tryToApply(operations)) ?? this.#failGone(operations);
    } catch (error) {
      if (error instanceof DriverError) return operations.map((_, index) => ({ index, error }));
      throw error;
    }
  }

  /** Returns undefined when the interface went away meanwhile. */
  async #tryToApply(operations: readonly AddressOperation[]): Promise<readonly OperationFailure[] | undefined> {
    const present = await this.#findInterface();
    if (present !== undefined) this.#requireDummy(present);
    else if (operations.every((operation) => operation.kind !== 'bindAddress')) return [];
    else await this.#makeInterface();
    const failures: OperationFailure[] = [];
    for (let start = 0; start < operations.length; start += operationsPerExchange) {
      const some = await this.#exchange(operations, start);
      if (some === undefined) return undefined;
      failures.push(...some);
    }
    return failures;
  }

  /** Applies the next operations from `start` on. Returns undefined when the interface is gone. */
  async #exchange(operations: readonly AddressOperation[], start: number): Promise<OperationFailure[] | undefined> {
    const some = operations.slice(start, start + operationsPerExchange);
    this.#writer.reset();
    for (const operation of some) encodeAddress(this.#writer, operation, this.#interfaceIndex ?? 0);
    const failures = some.flatMap((operation, place) => this.#refuseUnspecified(operation, start + place));
    for (const refusal of await this.#transport.exchange(this.#writer)) {
      const operation = some[refusal.index];
      if (operation === undefined || isSettled(operation, refusal)) continue;
      if (refusal.errno === errno.ENODEV) return undefined;
      failures.push({ index: start + refusal.index, error: addressError(operation, this.#interfaceName, refusal) });
    }
    return failures;
  }

  /** The kernel accepts 0.0.0.0 and binds nothing. */
  #refuseUnspecified(operation: AddressOperation, index: number): OperationFailure[] {
    if (operation.kind === 'unbindAddress' || operation.address !== '0.0.0.0') return [];
    return [{ index, error: addressError(operation, this.#interfaceName, { errno: errno.EADDRNOTAVAIL }) }];
  }

  #failGone(operations: readonly AddressOperation[]): OperationFailure[] {
    const refusal = { errno: errno.ENODEV };
    return operations.flatMap((operation, index) =>
      isSettled(operation, refusal) ? [] : [{ index, error: addressError(operation, this.#interfaceName, refusal) }],
    );
  }

  async #findInterface(): Promise<Link | undefined> {
    this.#writer.reset();
    encodeGetLink(this.#writer, this.#interfaceName);
    const [link] = await this.#requestLinks();
    this.#interfaceIndex = link?.index;
    return link;
  }

  async #requestLinks(): Promise<readonly Link[]> {
    try {
      return decodeLinks(await this.#transport.request(this.#writer));
    } catch (error) {
      if (error instanceof NetlinkError && error.errno === errno.ENODEV) return [];
      throw error;
    }
  }

  #requireDummy(link: Link): void {
    if (link.kind !== 'dummy') throw foreignInterfaceError(this.#interfaceName, link.kind);
  }

  async #listUsable(isChosen: (interfaceIndex: number) => boolean): Promise<readonly IpAddress[]> {
    this.#writer.reset();
    encodeListAddresses(this.#writer);
    const replies = await this.#transport.request(this.#writer);
    const addresses = usableAddresses(decodeAddresses(replies, isChosen));
    giveBack(replies);
    return addresses;
  }
}
