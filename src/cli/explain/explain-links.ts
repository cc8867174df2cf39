import { answerLinks, endpointLinks } from './endpoint-links.ts';
import type { ExplainFacts } from './facts.ts';
import { forwardLinks, hairpinLinks, inputLinks, ruleLinks, setLinks } from './filter-links.ts';
import { type Link, unknown } from './link.ts';
import { arpLinks, conntrackLinks, healthLinks, interfaceLinks, moduleLinks, settingLinks } from './node-links.ts';
import { objectLinks, proxierLinks } from './object-links.ts';
import { addressLinks, seenAddressLinks, serverLinks, sourceLinks } from './path-links.ts';

/** What was found along the way of a packet. */
export interface Explanation {
  /** In the order of the way. */
  readonly links: readonly Link[];
  /** The first broken link; undefined where none is. */
  readonly firstBroken: Link | undefined;
}

const ofObjects: readonly ((facts: ExplainFacts) => readonly Link[])[] = [objectLinks, endpointLinks];

const ofNode: readonly ((facts: ExplainFacts) => readonly Link[])[] = [
  proxierLinks,
  moduleLinks,
  settingLinks,
  sourceLinks,
  interfaceLinks,
  addressLinks,
  setLinks,
  ruleLinks,
  inputLinks,
  serverLinks,
  seenAddressLinks,
  hairpinLinks,
  conntrackLinks,
  forwardLinks,
  answerLinks,
  healthLinks,
  arpLinks,
];

/** Looks at link after link. Without the Service nothing else can be said; without its kernel, nothing of the node. Pure. */
export function explain(facts: ExplainFacts): Explanation {
  const objects = ofObjects.flatMap((look) => look(facts));
  const links = hasNoService(objects) ? objects : [...objects, ...nodeLinks(facts)];
  return { links, firstBroken: links.find(({ status }) => status === 'broken') };
}

function nodeLinks(facts: ExplainFacts): readonly Link[] {
  if (!facts.isThisNode)
    return [unknown('kernel', `this machine is not ${facts.node}: run it there to see the kernel`)];
  const unread = facts.unread.map((each) => unknown('kernel', `cannot be read: ${each}`));
  return unread.length > 0 ? [...unread, ...proxierLinks(facts)] : ofNode.flatMap((look) => look(facts));
}

function hasNoService(links: readonly Link[]): boolean {
  return links.some(({ name, status }) => name === 'Service' && status === 'broken');
}
