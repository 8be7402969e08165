import { isAccepted } from '../../phases/progress.ts';
import { baseChecksOf, failedRuns, provesNothing } from '../../phases/proving.ts';
import { PERSONAL } from './bodies/who-acted.ts';
import type { EventOf } from './events.ts';
import type { SessionState } from './state.ts';

export function checksRan(state: SessionState, event: EventOf<'checks_ran'>): SessionState {
  if (event.set === 'base') return { ...state, baseChecks: baseChecksOf(event) };
  if (event.added !== undefined) {
    const { files, key } = event.added;
    return { ...state, addedTests: { key, proveNothing: provesNothing(event, files) } };
  }
  if (event.set !== 'full') return state;
  const ran = event.runs.filter(({ isSetup }) => !isSetup);
  const passed = ran.flatMap(({ command, how }) => (how === undefined ? [command] : []));
  const commands = ran.map(({ command }) => command);
  const proved = failedRuns(event).length === 0 ? { commit: event.commit, commands } : undefined;
  return { ...state, passed, proved };
}

/**
 * What a resume says about the checks: others from now on, or that they failed on the base. A person accepts that; by a
 * model's resume they run there again.
 */
export function withChecksOf(
  state: SessionState,
  { checks, proving, by }: Pick<EventOf<'resumed'>, 'checks' | 'proving' | 'by'>,
): SessionState {
  const { baseChecks, ...rest } = state;
  if (checks !== undefined || proving !== undefined)
    return { ...rest, proved: undefined, ...(checks && { checks }), ...(proving && { proving }) };
  const isAsked = state.status.kind === 'blocked' && state.status.rule === 'base_checks';
  if (baseChecks === undefined || !isAsked) return state;
  return PERSONAL.includes(by.channel)
    ? { ...state, baseChecks: { ...baseChecks, result: 'accepted' } }
    : rest;
}

/** What quality agents have found to hold, and on which commit; code that is written after it has to be reviewed again. */
export function reviewedAfter(
  { reviewed = [], reviewedAt = {} }: Pick<SessionState, 'reviewed' | 'reviewedAt'>,
  event: EventOf<'iteration_ended'>,
): Pick<SessionState, 'reviewed' | 'reviewedAt'> {
  const { phase, head } = event;
  if (phase === 'implementation' && event.treeChanged) return { reviewed: undefined, reviewedAt: undefined };
  const found = phase === 'quality' && isAccepted(event) ? (event.signal?.reviewed ?? []) : [];
  const at = head === undefined ? {} : Object.fromEntries(found.map((id) => [id, head]));
  return { reviewed: [...new Set([...reviewed, ...found])], reviewedAt: { ...reviewedAt, ...at } };
}
