import { failedRuns } from '../../phases/proving.ts';
import type { EventOf } from './events.ts';
import type { SessionState } from './state.ts';

export function checksRan(state: SessionState, event: EventOf<'checks_ran'>): SessionState {
  const failed = failedRuns(event);
  const isGreen = failed.length === 0;
  if (event.set === 'base')
    return { ...state, baseChecks: { result: isGreen ? 'green' : 'red', failed, fix: event.fix ?? [] } };
  if (event.added !== undefined) {
    const { files, key } = event.added;
    const runs = event.runs.filter(({ isSetup }) => !isSetup);
    const proveNothing = files.filter((_, at) => runs[at]?.exitCode === 0);
    return { ...state, addedTests: { key, proveNothing } };
  }
  if (event.set !== 'full' || event.in !== 'clone') return state;
  const { proved: _before, ...rest } = state;
  const commands = event.runs.flatMap(({ command, isSetup }) => (isSetup ? [] : [command]));
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
