import type { SessionState } from '../events/state.ts';
import { COMMAND_ERRORS } from './command-errors.ts';
import type { Command } from './commands.ts';
import { type Refused, refused, refusedForStatus } from './refused.ts';

type Kind = Command['kind'];

/** While an agent runs, a command could come from it: only what opens nothing is taken then. */
const TAKEN_WHILE_AGENT_RUNS: readonly Kind[] = ['stop', 'message'];
const TAKEN_IN_ARCHIVE: readonly Kind[] = ['unarchive'];
const TAKEN_HALFWAY: readonly Kind[] = ['resume', 'rewind', 'message'];

/** Why a session takes no command of this kind now, whatever is in it; undefined: its own judge decides. */
export function judgeKind(
  kind: Kind,
  { archived, rewind, merge }: Pick<SessionState, 'archived' | 'rewind' | 'merge'>,
  moment: 'no_child' | 'child_runs' = 'no_child',
): Refused | undefined {
  if (merge !== undefined && kind !== 'stop') return refused(COMMAND_ERRORS.busy({ with: 'merge' }));
  if (moment === 'child_runs' && !TAKEN_WHILE_AGENT_RUNS.includes(kind))
    return refused(COMMAND_ERRORS.child_runs({ wanted: 'other' }));
  if (archived && !TAKEN_IN_ARCHIVE.includes(kind)) return refusedForStatus(COMMAND_ERRORS.archived());
  if (rewind?.isHalfway && !TAKEN_HALFWAY.includes(kind)) return refused(COMMAND_ERRORS.rewind_halfway());
  return undefined;
}

/** What moves away a session, or publishes it, needs one that nothing works on. */
export function unlessAtRest({ status: { kind } }: Pick<SessionState, 'status'>): Refused | undefined {
  const isAtRest = kind === 'done' || kind === 'stopped' || kind === 'blocked';
  return isAtRest ? undefined : refusedForStatus(COMMAND_ERRORS.not_at_rest({ status: kind }));
}
