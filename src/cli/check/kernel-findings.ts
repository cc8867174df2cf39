import { flowModule, interfaceModule, schedulerModule, setTypeModules } from '../../model/kernel-modules.ts';
import type { CheckFacts } from './check-facts.ts';
import { fail, type Finding, fine, warn } from './finding.ts';

const install =
  'install the modules of the running kernel (on Debian and Ubuntu linux-modules-extra), or boot another one';

/** Matches and targets of rules, and what does not work without them. */
const ruleModules: Readonly<Record<string, string>> = {
  xt_set: 'masquerading, source ranges, and the protection of host ports on Service addresses',
  xt_mark: 'masquerading',
  xt_MASQUERADE: 'masquerading',
  xt_comment: 'the comments of rules',
  xt_addrtype: 'masquerading of node ports',
  xt_conntrack: 'the acceptance of answers where FORWARD drops',
  xt_physdev: 'the precedence of external IPs over host ports',
  xt_ipvs: 'the refusal of processes of this node that loadBalancerSourceRanges leave out',
  ipt_REJECT: 'the protection of host ports on Service addresses',
};

/** Release of the kernel, IPVS and the scheduler. */
export function kernelFindings(facts: CheckFacts): readonly Finding[] {
  return [releaseFinding(facts), ...moduleFindings(facts), ...setFindings(facts), ...matchFindings(facts)];
}

function releaseFinding({ kernel }: CheckFacts): Finding {
  const [major = 0, minor = 0] = kernel.split('.').map(Number);
  const version = major * 1000 + minor;
  if (version < 4001)
    return warn('kernel', `Linux ${kernel}`, 'it is older than anything this was tried with: use 4.19 or newer');
  if (version < 5009) {
    const remedy = 'connections that reuse a source port may be refused while a Pod drains; Linux 5.9 does not do that';
    return warn('kernel', `Linux ${kernel}`, remedy);
  }
  return fine('kernel', `Linux ${kernel}`);
}

function moduleFindings({ modules, scheduler }: CheckFacts): readonly Finding[] {
  const ofScheduler = schedulerModule(scheduler);
  const needed = ['ip_vs', ofScheduler, 'nf_conntrack', 'ip_set', interfaceModule];
  const missing = needed.filter((name) => modules[name] === 'missing');
  const found = needed.filter((name) => modules[name] !== 'missing');
  const lacking = missing.map((name) =>
    name === ofScheduler
      ? fail('modules', `no module ${name}`, `install it, or choose another ipvs.scheduler than ${scheduler}`)
      : fail('modules', `no module ${name}`, install),
  );
  const netlink =
    modules[flowModule] === 'missing'
      ? [warn('modules', `no module ${flowModule}`, 'UDP flows to Pods that are gone stay until they time out')]
      : [];
  return [...lacking, ...netlink, ...listing('modules', found, modules)];
}

function setFindings({ modules }: CheckFacts): readonly Finding[] {
  const missing = setTypeModules.filter((name) => modules[name] === 'missing');
  const found = setTypeModules.filter((name) => modules[name] !== 'missing');
  return [...missing.map((name) => fail('sets', `no set type ${name}`, install)), ...listing('sets', found, modules)];
}

function matchFindings({ modules }: CheckFacts): readonly Finding[] {
  const names = Object.keys(ruleModules);
  const missing = names.filter((name) => modules[name] === 'missing');
  const found = names.filter((name) => modules[name] !== 'missing');
  const lacking = missing.map((name) => {
    const report = name === 'xt_set' || name === 'xt_MASQUERADE' ? fail : warn;
    return report('matches', `no module ${name}, and so not ${ruleModules[name] ?? ''}`, install);
  });
  return [...lacking, ...listing('matches', found, modules)];
}

/** What is there, with its state where that is worth knowing. */
function listing(area: Finding['area'], names: readonly string[], modules: CheckFacts['modules']): readonly Finding[] {
  const words = names.map((name) => {
    const state = modules[name] ?? 'unknown';
    const shown: Readonly<Record<string, string>> = { available: ' (to be loaded)', unknown: ' (cannot be told)' };
    return `${name}${shown[state] ?? ''}`;
  });
  return words.length === 0 ? [] : [fine(area, words.join(', '))];
}
