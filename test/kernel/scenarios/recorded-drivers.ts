import type { Drivers } from '../../../src/reconcile/reconciler.ts';
import type { Operation } from '../../../src/model/operation.ts';
import type { OperationFailure } from '../../../src/kernel/drivers.ts';
import { describeOperation } from '../../support/describe-operation.ts';

/** The drivers, with every change that the kernel accepted added to `writes`, in the words of the fake kernel. */
export function recordedDrivers(drivers: Drivers, writes: string[]): Drivers {
  const recorded =
    <Op extends Operation>(apply: (operations: readonly Op[]) => Promise<readonly OperationFailure[]>) =>
    async (operations: readonly Op[]) => {
      const failures = await apply(operations);
      const refused = new Set(failures.map(({ index }) => index));
      writes.push(...operations.filter((_, index) => !refused.has(index)).map(describeOperation));
      return failures;
    };
  const { ipvs, address, ipset, rules, conntrack } = drivers;
  return {
    conntrack,
    ipvs: override(ipvs, { apply: recorded((operations) => ipvs.apply(operations)) }),
    address: override(address, { apply: recorded((operations) => address.apply(operations)) }),
    ipset: override(ipset, {
      apply: recorded((operations) => ipset.apply(operations)),
      replaceSet: async (set, entries) => {
        await ipset.replaceSet(set, entries);
        writes.push(`replaceSet ${set.name}`);
      },
    }),
    rules: override(rules, {
      apply: async (wanted) => {
        const isWritten = await rules.apply(wanted);
        if (isWritten) writes.push(`rules ${wanted.family}`);
        return isWritten;
      },
    }),
  };
}

/** The object with some of its methods replaced; the others work on the object itself, with its private fields. */
function override<T extends object>(target: T, methods: Partial<T>): T {
  return new Proxy(target, {
    get(object, name) {
      if (Object.hasOwn(methods, name)) return methods[name as keyof T];
      const value: unknown = Reflect.get(object, name, object);
      return typeof value === 'function' ? value.bind(object) : value;
    },
  });
}
