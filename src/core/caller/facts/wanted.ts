import type { SessionFacts } from './session-facts.ts';

/** What a session wants of the person; `stuck`: anything that no gate asks for. */
export type NeedKind = 'questions' | 'plan' | 'stuck' | 'finished';

/** Undefined if the session needs no decision: it works, waits for something else, or its work was published. */
export function needKind(facts: SessionFacts): NeedKind | undefined {
  if (facts.needsHuman && facts.state === 'waiting' && facts.condition === undefined) {
    if (facts.for === 'qa_answers') return 'questions';
    if (facts.for === 'plan_approval') return 'plan';
  }
  if (facts.needsHuman) return 'stuck';
  const isPublished = facts.pullRequest !== undefined || facts.merge?.outcome === 'merged';
  return facts.state === 'done' && facts.condition === undefined && !isPublished ? 'finished' : undefined;
}

/**
 * The order of every list: what keeps an agent waiting, then what is finished, the longest wait first; 0 for two
 * sessions that want nothing.
 */
export function byWait(a: SessionFacts, b: SessionFacts): number {
  const [first, second] = [a, b].map(needKind);
  if (first === undefined || second === undefined)
    return Number(first === undefined) - Number(second === undefined);
  const isLater = Number(first === 'finished') - Number(second === 'finished');
  return isLater || (a.since < b.since ? -1 : Number(a.since > b.since));
}
