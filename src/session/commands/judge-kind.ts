import type { Command } from '../commands.ts';
import type { SessionState } from '../state.ts';
import { type Refused, refused } from './refused.ts';

type Kind = Command['kind'];

/** While an agent runs, a command could come from it: only what opens nothing is taken then. */
const TAKEN_WHILE_AGENT_RUNS: readonly Kind[] = ['stop', 'message'];
const TAKEN_IN_ARCHIVE: readonly Kind[] = ['unarchive'];
const TAKEN_HALFWAY: readonly Kind[] = ['resume', 'rewind', 'message'];

/** Why a session takes no command of this kind now, whatever is in it; undefined: its own judge decides. */
export function judgeKind(
  kind: Kind,
  { archived, rewind }: Pick<SessionState, 'archived' | 'rewind'>,
  moment: 'no_child' | 'child_runs' = 'no_child',
): Refused | undefined {
  if (moment === 'child_runs' && !TAKEN_WHILE_AGENT_RUNS.includes(kind)) return AGENT_RUNS;
  if (archived && !TAKEN_IN_ARCHIVE.includes(kind)) return IN_ARCHIVE;
  if (rewind?.isHalfway && !TAKEN_HALFWAY.includes(kind)) return HALFWAY;
  return undefined;
}

const NOTHING = 'Nothing was changed.';

const AGENT_RUNS = refused('child_runs', {
  what: NOTHING,
  why: "It waits for the iteration's end: while a child runs only stop and message are taken.",
  hint: 'Call wait, then try again.',
});

const IN_ARCHIVE = refused('archived', {
  what: NOTHING,
  why: 'The session is in the archive.',
  hint: 'If the human wants it back, finish_session with how: unarchive, then try again.',
  isStatus: true,
});

const HALFWAY = refused('rewind_halfway', {
  what: NOTHING,
  why: 'A rewind has restored only some of the files.',
  hint: 'Resume the session to complete it, or rewind with undo to revert it.',
});
