import { isAccepted } from '../../phases/progress.ts';
import { failedRuns } from '../../phases/proving.ts';
import type { EventOf } from './events.ts';
import type { SessionState } from './state.ts';

export function checksRan(state: SessionState, event: EventOf<'checks_ran'>): SessionState {
  const failed = failedRuns(event);
  const isGreen = failed.length === 0;
  if (event.set === 'base')
    return { ...state, baseChecks: { result: isGreen ? 'green' : 'red', failed, fix: event.fix ?? [] } };
  if (event.set !== 'full') return state;
  const ran = event.runs.filter(({ isSetup }) => !isSetup);
  const passed = ran.flatMap(({ command, how }) => (how === undefined ? [command] : []));
  if (event.in !== 'clone') return { ...state, passed };
  const { proved: _before, ...before } = state;
  const rest = { ...before, passed };
  const commands = ran.map(({ command }) => command);
  return isGreen ? { ...rest, proved: { commit: event.commit, commands } } : rest;
}

/** What a resume says about the checks: others from now on, or that a base on which they fail is known. */
export function withChecksOf(
  state: SessionState,
  { checks, proving }: Pick<EventOf<'resumed'>, 'checks' | 'proving'>,
): SessionState {
  const { baseChecks, ...rest } = state;
  if (checks !== undefined || proving !== undefined)
    return { ...rest, proved: undefined, ...(checks && { checks }), ...(proving && { proving }) };
  const isAsked = state.status.kind === 'blocked' && state.status.rule === 'base_checks';
  if (baseChecks === undefined || !isAsked) return state;
  return { ...state, baseChecks: { ...baseChecks, result: 'accepted' } };
}

/** What quality agents have found to hold; code that is written after it has to be reviewed again. */
export function reviewedAfter(
  { reviewed = [] }: Pick<SessionState, 'reviewed'>,
  event: EventOf<'iteration_ended'>,
): string[] | undefined {
  if (event.phase === 'implementation' && event.treeChanged) return undefined;
  const found = event.phase === 'quality' && isAccepted(event) ? (event.signal?.reviewed ?? []) : [];
  return found.length === 0 ? reviewed : [...new Set([...reviewed, ...found])];
}
